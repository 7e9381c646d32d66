#!/bin/sh
# Fills the corpora of the targets that read files with the project's certificates, and with those of ../shared/golden where it is there.
# The corpora are not committed: they grow with every run.
set -eu
cd "$(dirname "$0")"
for target in reader emitters doctor private_key; do
    mkdir -p "corpus/$target"
    find ../fixtures ../../shared/golden -type f -size -200k \
        \( -name '*.crt' -o -name '*.pem' -o -name '*.der' -o -name '*.p7b' -o -name '*.p12' -o -name '*.key' \) \
        -exec cp {} "corpus/$target/" \; 2>/dev/null || true
    echo "corpus/$target: $(find "corpus/$target" -type f | wc -l) files"
done
mkdir -p corpus/structured corpus/mosquitto_conf
cat >corpus/mosquitto_conf/listener <<'END'
# A listener with everything about TLS that the doctor reads.
per_listener_settings true
listener 8883 0.0.0.0
cafile ca.crt
capath certs
certfile server.crt
keyfile server.key
crlfile ca.crl
require_certificate true
use_identity_as_username true
tls_version tlsv1.2
ciphers ECDHE-RSA-AES128-GCM-SHA256:!aNULL:@SECLEVEL=1
ciphers_tls1.3 TLS_AES_128_GCM_SHA256
dhparamfile dh.pem
include_dir conf.d
listener 1883
END
