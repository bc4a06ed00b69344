#!/bin/bash
# The C of the engine and its tests is as clang-format 14 with the repository's .clang-format writes it.
# test_format.sh ROOT
set -euo pipefail
for formatter in clang-format-14 clang-format; do
  if "$formatter" --version 2>/dev/null | grep -q 'version 14\.'; then
    cd "$1"
    find nn tests -path tests/plugin -prune -o -path tests/pipelines -prune -o -name '*.[ch]' -print0 |
      xargs -0 "$formatter" --dry-run -Werror --ferror-limit=1
    exit
  fi
done
echo "skipped: no clang-format 14"
exit 77
