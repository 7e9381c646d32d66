//! What anchors take on two microcontrollers: the generated C, compiled for them, section by section.
//!
//! The benchmark `flash` prints it and the test `flash` asserts it, so this module knows neither.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use ta_codegen::{PublicKey, TrustAnchor, c};

/// A row of the table on a 32-bit machine: `br_x509_trust_anchor` (bearssl_x509.h).
const ROW_SIZE: usize = 32;

/// The table as Tasmota's `tasmota_ca.ino` makes it, without Tasmota's own anchors.
const TABLE: &str = "#include <bearssl.h>\n\
    #include \"pgmspace.h\"\n\
    #include <include/local_ca_data.h>\n\
    const br_x509_trust_anchor PROGMEM Tasmota_TA[] = {\n\
    #include <include/local_ca_descriptor.h>\n\
    };\n";

/// A microcontroller and its compiler.
pub(crate) struct Target {
    /// What people call it.
    pub(crate) name: &'static str,
    prefix: &'static str,
    flags: &'static [&'static str],
    /// Constants that the linker script leaves in flash are in sections that start like this.
    flash_section: &'static str,
    /// The compiler, and a C library for the `string.h` that BearSSL's headers include.
    packages: &'static str,
}

/// The microcontrollers.
pub(crate) const TARGETS: [Target; 2] = [
    Target {
        name: "ESP8266",
        prefix: "xtensa-lx106-elf-",
        flags: &["-DESP8266"],
        // .rodata goes to RAM there, for flash cannot be read byte by byte.
        flash_section: ".irom.text",
        packages: "gcc-xtensa-lx106 picolibc-xtensa-lx106-elf",
    },
    Target {
        name: "Cortex-M0+",
        prefix: "arm-none-eabi-",
        flags: &["-mcpu=cortex-m0plus", "-mthumb"],
        flash_section: ".rodata",
        packages: "gcc-arm-none-eabi libnewlib-arm-none-eabi",
    },
];

/// The bytes of a compiled table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sections {
    /// Read in place from flash.
    pub(crate) flash: usize,
    /// `.rodata` where that is not flash.
    pub(crate) rodata: usize,
    /// `.data`.
    pub(crate) data: usize,
    /// `.bss`.
    pub(crate) bss: usize,
}

impl Sections {
    /// What the table takes of the device's RAM.
    pub(crate) fn ram(&self) -> usize {
        self.rodata + self.data + self.bss
    }
}

/// The least that anchors can take when nothing is shared: subject, key, and a row for each.
pub(crate) fn floor(anchors: &[TrustAnchor]) -> usize {
    let key = |anchor: &TrustAnchor| match anchor.key() {
        PublicKey::Rsa { n, e } => n.len() + e.len(),
        PublicKey::Ec { q, .. } => q.len(),
    };
    anchors.iter().map(|anchor| anchor.subject().len() + key(anchor) + ROW_SIZE).sum()
}

/// Sets of anchors: one RSA CA, one EC CA, three CAs, and the roots of Debian's `ca-certificates`.
pub(crate) fn anchor_sets() -> Vec<(&'static str, Vec<TrustAnchor>)> {
    let fixture = |name: &str| vec![project().join("fixtures").join(name)];
    let three = ["ca-rsa2048.crt", "ca-p256.crt", "ca-p384.crt"].into_iter().flat_map(fixture).collect();
    let sets = [
        ("one RSA-2048 CA", fixture("ca-rsa2048.crt")),
        ("one EC P-256 CA", fixture("ca-p256.crt")),
        ("three CAs: RSA-2048, P-256, P-384", three),
        ("Debian's bundle", debian_roots()),
    ];
    sets.into_iter().map(|(name, files)| (name, files.iter().flat_map(|file| read(file)).collect())).collect()
}

/// The sections of what `ta-codegen --c-header` writes for `anchors`.
pub(crate) fn generated(target: &Target, anchors: &[TrustAnchor]) -> Sections {
    let headers = c::tasmota(&anchors.iter().collect::<Vec<_>>()).expect("anchors without labels");
    target.compile(&headers.data, &headers.descriptor)
}

/// The sections of what the recipe in Tasmota's documentation makes of `brssl ta`'s output for `anchors`.
///
/// Its `,+999 d` leaves lines behind when there are more than about ninety anchors, and then nothing compiles; `,$ d` is what it means.
pub(crate) fn published_recipe(target: &Target, anchors: &[TrustAnchor]) -> Sections {
    let brssl = c::brssl(anchors);
    let data = sed(&["s/TA0/PROGMEM TA0/", "/br_x509/,$ d"], &brssl);
    let descriptor = sed(&["1,/br_x509/ d", "/};/,$ d"], &brssl);
    target.compile(&data, &descriptor)
}

impl Target {
    fn compile(&self, data: &str, descriptor: &str) -> Sections {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("include")).expect("a new folder");
        for (name, content) in
            [("table.c", TABLE), ("include/local_ca_data.h", data), ("include/local_ca_descriptor.h", descriptor)]
        {
            fs::write(path(name), content).expect("a writable folder");
        }
        let mut compiler = self.tool("gcc");
        compiler.args(["-std=c99", "-Os", "-Wall", "-Werror", "-I/usr/include/bearssl", "-I"]).arg(folder.path());
        compiler.arg("-I").arg(project().join("example-firmware/c/src")).args(self.flags);
        self.run(compiler.arg("-c").arg(path("table.c")).arg("-o").arg(path("table.o")));
        self.sections(&self.run(self.tool("size").arg("-A").arg(path("table.o"))))
    }

    /// Adds up what `size -A` lists: a name, the bytes and an address in each line.
    fn sections(&self, listed: &str) -> Sections {
        let mut sections = Sections::default();
        for line in listed.lines() {
            let mut words = line.split_whitespace();
            let (Some(name), Some(Ok(bytes))) = (words.next(), words.next().map(str::parse::<usize>)) else {
                continue;
            };
            if name.starts_with(self.flash_section) {
                sections.flash += bytes;
            } else if name.starts_with(".rodata") {
                sections.rodata += bytes;
            } else if name.starts_with(".data") {
                sections.data += bytes;
            } else if name.starts_with(".bss") {
                sections.bss += bytes;
            }
        }
        sections
    }

    fn tool(&self, name: &str) -> Command {
        Command::new(format!("{}{name}", self.prefix))
    }

    fn run(&self, command: &mut Command) -> String {
        output(command, &format!("libbearssl-dev {}", self.packages))
    }
}

/// What a program prints; it has to succeed. Debian's `packages` hold it and what it reads.
fn output(command: &mut Command, packages: &str) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}; apt-get install {packages}"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed; it needs: apt-get install {packages}\n{errors}");
    String::from_utf8(output.stdout).expect("the program prints text")
}

fn sed(expressions: &[&str], text: &str) -> String {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    fs::write(file.path(), text).expect("a writable file");
    let mut command = Command::new("sed");
    command.args(expressions.iter().flat_map(|expression| ["-e", expression]));
    output(command.arg(file.path()).stdin(Stdio::null()), "sed")
}

fn read(file: &Path) -> Vec<TrustAnchor> {
    let bytes = fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    ta_codegen::read_trust_anchors(&bytes, &file.display().to_string()).expect("these certificates are anchors")
}

fn debian_roots() -> Vec<PathBuf> {
    let folder = Path::new("/usr/share/ca-certificates/mozilla");
    let listed = fs::read_dir(folder);
    let listed = listed.unwrap_or_else(|error| panic!("{}: {error}; apt-get install ca-certificates", folder.display()));
    let mut files: Vec<_> = listed.map(|entry| entry.expect("a readable entry").path()).collect();
    files.sort();
    files
}

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the project").to_owned()
}
