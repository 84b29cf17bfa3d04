#!/bin/sh
# What a user of the library meets: make install, headers alone, pkg-config, the README's example,
# exported symbols.  Prints TAP.
set -u
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
unset MAKEFLAGS MFLAGS MAKELEVEL
n=0
point() { # point STATUS NAME
    n=$((n + 1))
    if [ "$1" = 0 ]; then echo "ok $n - $2"; else
        echo "not ok $n - $2"
        sed 's/^/# /' "$tmp/log" | tail -20
    fi
}
CC=${CC:-cc} CXX=${CXX:-c++}
root=$tmp/root
var() { PKG_CONFIG_PATH=$top_builddir pkg-config --variable="$1" sonicnn; }
prefix=$(var prefix) libdir=$(var libdir) includedir=$(var includedir)
echo "1..12"

make -C "$top_builddir" -s install DESTDIR="$root" >"$tmp/log" 2>&1
point $? "make install DESTDIR"

status=0
for header in "$root$includedir"/sonicnn/*.h; do
    printf '#include <sonicnn/%s>\n' "$(basename "$header")" >"$tmp/one.c"
    cp "$tmp/one.c" "$tmp/one.cc"
    $CC -std=c11 -Wall -Wextra -pedantic -Werror -I"$root$includedir" -c "$tmp/one.c" -o "$tmp/one.o" || status=1
    $CXX -std=c++11 -Wall -Wextra -pedantic -Werror -I"$root$includedir" -c "$tmp/one.cc" -o "$tmp/one.o" || status=1
done >"$tmp/log" 2>&1
point $status "every header compiles alone as C11 and as C++11"

# The .pc file as built says the configured prefix: here it is told where this copy lies.
pc() { PKG_CONFIG_PATH=$root$libdir/pkgconfig pkg-config --define-variable=libdir="$root$libdir" \
    --define-variable=includedir="$root$includedir" "$@" sonicnn; }
sed -n '/^```c$/,/^```$/p' "$top_srcdir/README.md" | sed '/^```/d' >"$tmp/example.c"
expected=$(sed -n 's/^prints `\([^`]*\)`.*/\1/p' "$top_srcdir/README.md")
# shellcheck disable=SC2046,SC2086
{ $CC ${CFLAGS-} -std=c11 -Wall -Wextra -Werror "$tmp/example.c" -o "$tmp/example" $(pc --cflags --libs) ${LDFLAGS-} &&
    said=$(LD_LIBRARY_PATH=$root$libdir "$tmp/example") && echo "said: $said" && [ -n "$expected" ] && [ "$said" = "$expected" ]; } >"$tmp/log" 2>&1
point $? "the README's example builds with pkg-config, runs, and prints what the README says"

# shellcheck disable=SC2046,SC2086
$CC ${CFLAGS-} -std=c11 -Wall -Wextra -Werror "$top_srcdir/examples/server.c" -o "$tmp/server" $(pc --cflags --libs) \
    ${LDFLAGS-} >"$tmp/log" 2>&1 &&
    ! LD_LIBRARY_PATH=$root$libdir "$tmp/server" /nonexistent.0 pool.0 127.0.0.1:1 2>>"$tmp/log" &&
    grep -q '^server: .*/nonexistent.0' "$tmp/log"
point $? "the example of a server builds, and names a file that is missing"

status=0
{ cp "$top_srcdir/examples/product.c" "$tmp/product.cc"
    printf '140 320\n3 4 4 3\n4 5 5 4\n4 5 5 4\n3 4 4 3\n' >"$tmp/product.want"
    # shellcheck disable=SC2046,SC2086
    $CC ${CFLAGS-} -std=c11 -Wall -Wextra -Werror "$top_srcdir/examples/product.c" -o "$tmp/product" $(pc --cflags --libs) \
        ${LDFLAGS-} && LD_LIBRARY_PATH=$root$libdir "$tmp/product" | diff "$tmp/product.want" - || status=1
    # shellcheck disable=SC2046,SC2086
    $CXX ${CFLAGS-} -std=c++11 -Wall -Wextra -Werror "$tmp/product.cc" -o "$tmp/product" $(pc --cflags --libs) \
        ${LDFLAGS-} && LD_LIBRARY_PATH=$root$libdir "$tmp/product" | diff "$tmp/product.want" - || status=1
} >"$tmp/log" 2>&1
point $status "the example of products and convolutions builds as C11 and as C++11, and is right"

status=0
# shellcheck disable=SC2046,SC2086
{ $CC ${CFLAGS-} -std=c11 -Wall -Wextra -Werror "$top_srcdir/examples/garble.c" -o "$tmp/garble" $(pc --cflags --libs) ${LDFLAGS-} &&
    for pair in '0 0:no' '1 0:no' '0 1:yes' '4294967295 0:no' '0 4294967295:yes' '16777216 16777215:no' '2999999 3000000:yes'; do
        said=$(LD_LIBRARY_PATH=$root$libdir "$tmp/garble" ${pair%:*}) && [ "$said" = "${pair#*:}" ] || { echo "$pair, said $said" && status=1; }
    done || status=1; } >"$tmp/log" 2>&1
point $status "the example of garbling builds and compares right"

status=0
# shellcheck disable=SC2046,SC2086
{ $CC ${CFLAGS-} -std=gnu11 -Wall -Wextra -Werror "$top_srcdir/examples/ot.c" -o "$tmp/ot" $(pc --cflags --libs) ${LDFLAGS-} &&
    for pair in '0000:Emma Ulysses Ivanhoe Persuasion' '1111:Dracula Walden Candide Kim' '0110:Emma Walden Candide Persuasion'; do
        said=$(LD_LIBRARY_PATH=$root$libdir "$tmp/ot" ${pair%%:*} | tr '\n' ' ') && [ "$said" = "${pair#*:} " ] || { echo "$pair, said $said" && status=1; }
    done || status=1; } >"$tmp/log" 2>&1
point $status "the example of oblivious transfer builds, and gives what is chosen"

status=0
# shellcheck disable=SC2046,SC2086
{ $CC ${CFLAGS-} -std=c11 -Wall -Wextra -Werror "$top_srcdir/examples/dpf.c" -o "$tmp/dpf" $(pc --cflags --libs) ${LDFLAGS-} &&
    for pair in '30000 21000 45000 90000 18000:2 of 4, 67500 on average' '7 7 8 6:1 of 3, 8 on average' \
        '4294967295 4294967295:0 of 1, 0 on average' '0 4294967295 0 1:2 of 3, 2147483648 on average'; do
        said=$(LD_LIBRARY_PATH=$root$libdir "$tmp/dpf" ${pair%:*}) && [ "$said" = "${pair#*:}" ] || { echo "$pair, said $said" && status=1; }
    done || status=1; } >"$tmp/log" 2>&1
point $status "the example of comparison functions builds and counts right"

if [ -f "$root$libdir/libsonicnn.a" ]; then
    # shellcheck disable=SC2046,SC2086
    { $CC ${CFLAGS-} -std=c11 "$tmp/example.c" -o "$tmp/static" $(pc --cflags) "$root$libdir/libsonicnn.a" \
        $(pc --static --libs | sed 's/-lsonicnn//') ${LDFLAGS-} && said=$("$tmp/static") && [ "$said" = "$expected" ]; } >"$tmp/log" 2>&1
    point $? "the example links statically"
else
    n=$((n + 1)); echo "ok $n - the example links statically # SKIP built without a static library"
fi

nm -D --defined-only "$root$libdir/libsonicnn.so" | awk '$2 != "A" {sub(/@.*/, "", $3); print $3}' | sort >"$tmp/exported"
cat "$root$includedir"/sonicnn/*.h | tr '\n' ' ' | grep -oE 'SONIC_API[^;]*' | grep -oE 'sonic_[a-z0-9_]+ *\(' |
    tr -d ' (' | sort -u >"$tmp/declared"
diff "$tmp/declared" "$tmp/exported" >"$tmp/log" 2>&1
point $? "exported symbols are the declared functions, no more and no fewer"

"$root$prefix/bin/sonicnn" --version >"$tmp/log" 2>&1
point $? "the installed program runs"

make -C "$top_builddir" -s uninstall DESTDIR="$root" >"$tmp/log" 2>&1 &&
    [ -z "$(find "$root" -type f -o -type l)" ]
point $? "make uninstall leaves nothing"
