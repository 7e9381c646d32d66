#!/bin/sh
# Runs each fuzz target, or the ones named, for so many seconds: fuzz/run.sh SECONDS [TARGET...]
# A failure leaves the input in fuzz/artifacts/TARGET and says how to repeat it.
set -eu
seconds=${1:?usage: fuzz/run.sh SECONDS [TARGET...]}
shift
cd "$(dirname "$0")/.."
fuzz/seed.sh
[ $# -gt 0 ] || set -- $(cargo +nightly fuzz list)
for target; do
    echo "== $target, $seconds seconds"
    # The limits: no input may take longer than 10 seconds or more than 2 GiB.
    cargo +nightly fuzz run "$target" -- -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=65536 -print_final_stats=1
done
