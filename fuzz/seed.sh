#!/bin/sh
# Fills the corpora of the targets that read files with the project's certificates, and with those of ../shared/golden where it is there.
# The corpora are not committed: they grow with every run.
set -eu
cd "$(dirname "$0")"
for target in reader emitters; do
    mkdir -p "corpus/$target"
    find ../fixtures ../../shared/golden -type f -size -200k \
        \( -name '*.crt' -o -name '*.pem' -o -name '*.der' -o -name '*.p7b' -o -name '*.p12' -o -name '*.key' \) \
        -exec cp {} "corpus/$target/" \; 2>/dev/null || true
    echo "corpus/$target: $(find "corpus/$target" -type f | wc -l) files"
done
