dnl SONIC_OPTIONAL(NAME, PREFIX, PKG-CONFIG MODULES, WHAT FOR): --without-NAME leaves it out, --with-NAME
dnl insists; by default it is used where found. Sets the conditional and the macro HAVE_PREFIX.
AC_DEFUN([SONIC_OPTIONAL], [
  AC_ARG_WITH([$1], [AS_HELP_STRING([--without-$1], [do without $4])], [], [with_$1=auto])
  sonic_have_$1=no
  AS_IF([test "$with_$1" = no], [sonic_why_$1="left out"], [
    PKG_CHECK_MODULES([$2], [$3], [sonic_have_$1=yes], [
      AS_IF([test "$with_$1" = yes], [AC_MSG_ERROR([--with-$1: $3 was not found])])
      sonic_why_$1="not found"])])
  AS_IF([test "$sonic_have_$1" = yes], [AC_DEFINE([HAVE_$2], [1], [Whether $1 is used ($4).])])
  AM_CONDITIONAL([HAVE_$2], [test "$sonic_have_$1" = yes])
  AS_IF([test "$sonic_have_$1" = yes], [sonic_report_$1="yes"], [sonic_report_$1="no ($sonic_why_$1): without $4"])])

dnl SONIC_XXHASH: whether libxxhash was built to choose among a processor's instructions.
AC_DEFUN([SONIC_XXHASH], [
  sonic_saved_CPPFLAGS=$CPPFLAGS sonic_saved_LIBS=$LIBS
  CPPFLAGS="$XXHASH_CFLAGS $CPPFLAGS" LIBS="$XXHASH_LIBS $LIBS"
  AC_CHECK_HEADER([xxh_x86dispatch.h], [
    AC_CHECK_FUNC([XXH3_64bits_withSeed_dispatch], [
      AC_DEFINE([HAVE_XXH_X86DISPATCH], [1], [Whether libxxhash chooses among instructions.])])])
  CPPFLAGS=$sonic_saved_CPPFLAGS LIBS=$sonic_saved_LIBS])

dnl SONIC_OPENMP: autoconf's own probe, with a line for the summary.
AC_DEFUN([SONIC_OPENMP], [
  AC_OPENMP
  AS_IF([test "$enable_openmp" = no], [sonic_report_openmp="no (left out): one thread a server"],
    [test -n "$OPENMP_CFLAGS"], [sonic_report_openmp="yes ($OPENMP_CFLAGS)"],
    [sonic_report_openmp="no (not found): one thread a server"])
  AM_CONDITIONAL([HAVE_OPENMP], [test -n "$OPENMP_CFLAGS"])])

dnl SONIC_ONNX: protobuf-c, its compiler, and the onnx.proto that Debian's libonnx-dev installs.
AC_DEFUN([SONIC_ONNX], [
  SONIC_OPTIONAL([onnx], [PROTOBUF_C], [libprotobuf-c >= 1.3], [the import of ONNX models])
  AC_ARG_VAR([ONNX_PROTO], [the file onnx.proto])
  AS_IF([test "$sonic_have_onnx" = yes], [
    AC_PATH_PROGS([PROTOC_C], [protoc-c])
    AC_MSG_CHECKING([for onnx.proto])
    AS_IF([test -z "$ONNX_PROTO"], [
      for sonic_dir in /usr/include /usr/local/include; do
        AS_IF([test -f "$sonic_dir/onnx/onnx.proto"], [ONNX_PROTO=$sonic_dir/onnx/onnx.proto; break])
      done])
    AC_MSG_RESULT([${ONNX_PROTO:-no}])
    AS_IF([test -z "$PROTOC_C" || test ! -f "$ONNX_PROTO"],
      [AC_MSG_ERROR([importing ONNX models needs protoc-c and onnx.proto (Debian: protobuf-c-compiler, libonnx-dev), or --without-onnx])])])])

dnl SONIC_COMPETITOR(CONDITIONAL, COMPILER AND FLAGS, SUFFIX, PROGRAM): whether it compiles for this very
dnl processor and for x86-64-v3.  What it makes is run by benches only, which ask the processor first.
AC_DEFUN([SONIC_COMPETITOR], [
  sonic_competes=no
  AC_MSG_CHECKING([whether $2 competes in the benches])
  AS_ECHO(["$4"]) >conftest.$3
  AS_IF([test "$sonic_have_benchmark" = yes && test "$sonic_sanitizers" = no &&
         $2 -c conftest.$3 -o conftest.o -march=native -mprefer-vector-width=512 >/dev/null 2>&1 &&
         $2 -c conftest.$3 -o conftest.o -march=x86-64-v3 >/dev/null 2>&1], [sonic_competes=yes])
  rm -f conftest.$3 conftest.o
  AC_MSG_RESULT([$sonic_competes])
  AS_IF([test "$sonic_competes" = yes], [AC_DEFINE([HAVE_$1], [1], [Whether the benches have this competitor.])])
  AM_CONDITIONAL([$1], [test "$sonic_competes" = yes])])

dnl SONIC_COMPETITORS: what the benches compare products with: plain loops and Eigen, by gcc and by clang,
dnl whichever of them builds the rest.  Eigen needs objcopy.  Call it after SONIC_SANITIZERS.
AC_DEFUN([SONIC_COMPETITORS], [
  SONIC_OPTIONAL([eigen], [EIGEN], [eigen3 >= 3.3], [Eigen as a competitor in the microbenchmarks])
  AC_CHECK_TOOL([OBJCOPY], [objcopy], [false])
  AC_CHECK_PROGS([COMPETITOR_GCC], [gcc], [false])
  AC_CHECK_PROGS([COMPETITOR_GXX], [g++], [false])
  AC_CHECK_PROGS([COMPETITOR_CLANG], [clang clang-19 clang-18 clang-17 clang-16 clang-15 clang-14], [false])
  AC_CHECK_PROGS([COMPETITOR_CLANGXX], [clang++ clang++-19 clang++-18 clang++-17 clang++-16 clang++-15 clang++-14], [false])
  AS_IF([test "$sonic_have_eigen" = yes && $OBJCOPY --version >/dev/null 2>&1], [],
    [COMPETITOR_GXX=false COMPETITOR_CLANGXX=false])
  SONIC_COMPETITOR([COMPETITOR_GCC], [$COMPETITOR_GCC], [c], [int main(void) { return 0; }])
  SONIC_COMPETITOR([COMPETITOR_CLANG], [$COMPETITOR_CLANG], [c], [int main(void) { return 0; }])
  SONIC_COMPETITOR([EIGEN_GCC], [$COMPETITOR_GXX $EIGEN_CFLAGS], [cc], [#include <Eigen/Core>])
  SONIC_COMPETITOR([EIGEN_CLANG], [$COMPETITOR_CLANGXX $EIGEN_CFLAGS], [cc], [#include <Eigen/Core>])])

AC_DEFUN([SONIC_SUMMARY], [
AC_MSG_NOTICE([
  sonicnn $PACKAGE_VERSION
    compiler        $CC ($CFLAGS)
    tiers           $sonic_tiers
    OpenMP          $sonic_report_openmp
    ONNX            $sonic_report_onnx
    jansson         $sonic_report_jansson
    libpng          $sonic_report_png
    zlib            $sonic_report_zlib
    Criterion       $sonic_report_criterion
    Benchmark       $sonic_report_benchmark
    Eigen           $sonic_report_eigen
    libFuzzer       $sonic_fuzzers
    constant time   $CONSTANT_TIME_REPORT
    sanitizers      $sonic_sanitizers
    prefix          $prefix])])
