#!/usr/bin/env bash
# Installs what is missing, builds Monocle in release and asks the model that ships about three documents.
set -euo pipefail
cd "$(dirname "$0")/.."

Scripts/install.sh
swift build -c release --product monocle >&2
monocle=.build/release/monocle

ask() {
    echo "> $1   ($2)"
    "$monocle" ask "$1" "$2"
    echo
}
echo "A demonstration model of 6.4 million parameters answers (docs/monocle-mini.md)."
echo "With a published folder: monocle ask \"...\" FILE --model DIR"
echo
ask "What is the total?" Examples/receipt.png
ask "Which label has the highest value?" Examples/chart.png
ask "What is the invoice?" Examples/booking.pdf
