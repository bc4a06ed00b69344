#!/bin/bash
# test_format.sh engine|plugin ROOT
# engine: the C of nn/ and its tests is as clang-format 14 with the repository's .clang-format writes it.
# plugin: the C of plugin/, pipelines/ and their tests is as GStreamer's gst-indent, which is GNU indent 2.2.12, leaves it.
set -euo pipefail
cd "$2"

skip() {
  echo "skipped: $1"
  exit 77
}

engine() {
  local formatter
  for formatter in clang-format-14 clang-format; do
    if "$formatter" --version 2>/dev/null | grep -q 'version 14\.'; then
      find nn tests -path tests/plugin -prune -o -path tests/pipelines -prune -o -name '*.[ch]' -print0 |
        xargs -0 "$formatter" --dry-run -Werror --ferror-limit=1
      return
    fi
  done
  skip "no clang-format 14"
}

plugin() {
  local file wrong=0
  [[ $(indent --version 2>&1) = 'GNU indent 2.2.12'* ]] || skip "no GNU indent 2.2.12"
  while IFS= read -r -d '' file; do
    indent --braces-on-if-line --case-brace-indentation0 --case-indentation2 --braces-after-struct-decl-line \
      --line-length80 --no-tabs --cuddle-else --dont-line-up-parentheses --continuation-indentation4 --honour-newlines \
      --tab-size8 --indent-level2 --leave-preprocessor-space -st "$file" | diff -u "$file" - || wrong=1
  done < <(find plugin pipelines tests/plugin tests/pipelines -name '*.c' -print0)
  return $wrong
}

"$1"
