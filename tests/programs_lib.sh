# What the tests of the programs share; sourced with $top_builddir and $top_srcdir set.  Every process
# started here is ended here, and every file lies in one temporary folder.
set -u
sonicnn=${SONICNN:-$top_builddir/sonicnn}
model=$top_srcdir/models/f3.onnx
if ! grep -q '^#define HAVE_PROTOBUF_C 1' "$top_builddir/config.h"; then
    echo "1..0 # SKIP built without the import of ONNX models"
    exit 0
fi
tmp=$(mktemp -d)
n=0

clean_up() {
    for file in "$tmp"/*.pid; do end_job "${file%.pid}"; done
    rm -rf "$tmp"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM
cd "$tmp" || exit 1
mkdir "$tmp/tmp" && TMPDIR=$tmp/tmp && export TMPDIR

# unpacked FILE.gz: the file as the programs can read it: built without zlib they read no gzip.
unpacked() {
    if grep -q '^#define HAVE_ZLIB 1' "$top_builddir/config.h"; then echo "$1"; else
        gzip -dc "$1" >"$tmp/$(basename "$1" .gz)" && echo "$tmp/$(basename "$1" .gz)"
    fi
}
images=$(unpacked "$top_srcdir/tests/data/fashion-images.gz")
labels=$(unpacked "$top_srcdir/tests/data/fashion-labels.gz")

# point NAME COMMAND...: one test; what the command prints is shown when it fails.
point() {
    n=$((n + 1))
    name=$1
    shift
    if "$@" >point.log 2>&1; then echo "ok $n - $name"; else
        echo "not ok $n - $name"
        tail -n 40 point.log | sed 's/^/# /'
    fi
}

# skip NAME WHY
skip() {
    n=$((n + 1))
    echo "ok $n - $1 # SKIP $2"
}

# end_job NAME: kills a started program that has not ended.
end_job() {
    [ ! -s "$1.pid" ] || [ -s "$1.rc" ] || kill -KILL "$(cat "$1.pid")" 2>/dev/null
}

# start NAME ARGUMENT...: runs sonicnn in the background: its output in NAME.out and NAME.err, its process
# in NAME.pid, and once it has ended its exit code in NAME.rc.  What a failed test left under that name ends.
start() {
    job=$1
    shift
    end_job "$job"
    # Its exit code, which comes late where it has much to free, must not be taken for the new one's.
    [ ! -s "$job.pid" ] || code "$job" >/dev/null
    rm -f "$job.pid" "$job.rc"
    # Not what the last program of this name said: port and ready look here at once.
    : >"$job.err"
    (
        "$sonicnn" "$@" >"$job.out" 2>"$job.err" </dev/null &
        echo $! >"$job.pid"
        wait $!
        echo $? >"$job.rc"
    ) >/dev/null 2>&1 & # not the pipe of the test driver, who waits for its end
    while [ ! -s "$job.pid" ]; do sleep 0.01; done
}

# port NAME WHAT: the port that a started program listens on for WHAT (users, server, the).
port() {
    tries=600
    while [ $tries -gt 0 ]; do
        found=$(sed -n "s/.*listens for $2.* on .*:\([0-9]*\)\$/\1/p" "$1.err")
        [ -z "$found" ] || { echo "$found"; return 0; }
        [ ! -s "$1.rc" ] || return 1
        sleep 0.1
        tries=$((tries - 1))
    done
    return 1
}

# ready NAME: waits until a server is ready for users.
ready() {
    tries=600
    while ! grep -q 'is ready' "$1.err"; do
        [ ! -s "$1.rc" ] && [ $tries -gt 0 ] || return 1
        sleep 0.1
        tries=$((tries - 1))
    done
}

# code NAME [SECONDS]: prints the exit code of a started program, or "hangs" when it does not end.  Patient
# where no time is part of what is tested: a limit that a slow disk can reach tells nothing of the program.
code() {
    tries=$((${2-120} * 10))
    while [ ! -s "$1.rc" ]; do
        [ $tries -gt 0 ] || { where_it_hangs "$1" >&2; echo hangs; return 1; }
        sleep 0.1
        tries=$((tries - 1))
    done
    cat "$1.rc"
}

# where_it_hangs NAME: what the threads of a started program wait for.
where_it_hangs() {
    for thread in "/proc/$(cat "$1.pid")"/task/*; do
        grep -h '^State\|^Name' "$thread/status" && cat "$thread/wchan" "$thread/syscall" && echo
    done 2>/dev/null
}

# two_servers BASE POOL OPTION...: starts s0 and s1 with pools POOL.0 and POOL.1, none for an empty POOL, and
# sets $p0, $p1.
two_servers() {
    base=$1 pool=$2
    shift 2
    start s0 serve "$base.0" ${pool:+--pool "$pool.0"} --listen 127.0.0.1:0 --peer 127.0.0.1:0 --threads 1 "$@"
    p0=$(port s0 users) && peer=$(port s0 'server 1') || return 1
    start s1 serve "$base.1" ${pool:+--pool "$pool.1"} --listen 127.0.0.1:0 --peer "127.0.0.1:$peer" --threads 1 "$@"
    p1=$(port s1 users) && ready s0 && ready s1
}

# infer IN OUT OPTION...
infer() {
    in=$1 out=$2
    shift 2
    "$sonicnn" infer "$in" --server "127.0.0.1:$p0" --server "127.0.0.1:$p1" -o "$out" "$@"
}

# used POOL: how many inferences of a pool file are used.
used() {
    "$sonicnn" info "$1" | sed -n 's/^count .* inferences, \([0-9]*\) used$/\1/p'
}

# fails SENTENCE COMMAND...: the command must fail by itself (no signal), with one line on stderr that
# matches the sentence.
fails() {
    sentence=$1
    shift
    "$@" >fails.out 2>fails.err
    rc=$?
    cat fails.err
    [ $rc -gt 0 ] && [ $rc -lt 126 ] || { echo "exit code $rc"; return 1; }
    [ "$(grep -c . fails.err)" = 1 ] || { echo "not one line"; return 1; }
    grep -q "^sonicnn: .*$sentence" fails.err || { echo "expected: $sentence"; return 1; }
}

# ends NAME SENTENCE [SECONDS]: a started program must fail by itself, its last line on stderr matching the
# sentence.  What gives up by `--timeout 2` is given 20 seconds, less than the default of that option.
ends() {
    rc=$(code "$1" ${3+"$3"})
    cat "$1.err"
    case $rc in 0 | hangs | 12[6-9] | 1[3-9]? | 2??) echo "exit code $rc"; return 1 ;; esac
    tail -n 1 "$1.err" | grep -q "^sonicnn: .*$2" || { echo "expected: $2"; return 1; }
}
