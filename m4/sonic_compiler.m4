dnl SONIC_ADD_FLAG(VARIABLE, FLAG): appends FLAG where the C compiler takes it without a warning.
AC_DEFUN([SONIC_ADD_FLAG], [
  AS_VAR_PUSHDEF([cache], [sonic_cv_flag_$2])dnl
  AC_CACHE_CHECK([whether $CC takes $2], [cache], [
    sonic_saved_CFLAGS=$CFLAGS
    CFLAGS="$CFLAGS -Werror $2"
    AC_COMPILE_IFELSE([AC_LANG_PROGRAM([], [])], [AS_VAR_SET([cache], [yes])], [AS_VAR_SET([cache], [no])])
    CFLAGS=$sonic_saved_CFLAGS])
  AS_VAR_IF([cache], [yes], [$1="$$1 $2"])
  AS_VAR_POPDEF([cache])])

dnl SONIC_WARNINGS: WARN_CFLAGS; --enable-werror turns warnings into errors (CI does).
AC_DEFUN([SONIC_WARNINGS], [
  AC_ARG_ENABLE([werror], [AS_HELP_STRING([--enable-werror], [make warnings errors])], [], [enable_werror=no])
  WARN_CFLAGS=
  m4_foreach_w([flag], [-Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith
                        -Wcast-qual -Wvla -Wconversion -Wno-sign-conversion -Wformat=2 -Wundef
                        -Wno-unknown-pragmas -Wno-pass-failed],
    [SONIC_ADD_FLAG([WARN_CFLAGS], flag)])
  AS_IF([test "$enable_werror" = yes], [WARN_CFLAGS="$WARN_CFLAGS -Werror"])
  HIDE_CFLAGS=
  SONIC_ADD_FLAG([HIDE_CFLAGS], [-fvisibility=hidden])
  AC_SUBST([WARN_CFLAGS])
  AC_SUBST([HIDE_CFLAGS])
  AC_CACHE_CHECK([whether the linker takes a version script], [sonic_cv_version_script], [
    sonic_saved_LDFLAGS=$LDFLAGS
    echo 'T { global: main; local: *; };' >conftest.map
    LDFLAGS="$LDFLAGS -Wl,--version-script=conftest.map"
    AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])], [sonic_cv_version_script=yes], [sonic_cv_version_script=no])
    rm -f conftest.map
    LDFLAGS=$sonic_saved_LDFLAGS])
  AM_CONDITIONAL([VERSION_SCRIPT], [test "$sonic_cv_version_script" = yes])])

dnl SONIC_SANITIZERS: --enable-sanitizers=LIST passes -fsanitize=LIST everywhere.
AC_DEFUN([SONIC_SANITIZERS], [
  AC_ARG_ENABLE([sanitizers],
    [AS_HELP_STRING([--enable-sanitizers=LIST], [build with -fsanitize=LIST (address,undefined or thread)])],
    [AS_IF([test "$enableval" = yes], [sonic_sanitizers=address,undefined], [sonic_sanitizers=$enableval])],
    [sonic_sanitizers=no])
  AS_IF([test "$sonic_sanitizers" != no], [
    sonic_san="-fsanitize=$sonic_sanitizers -fno-sanitize-recover=all -fno-omit-frame-pointer"
    CFLAGS="$CFLAGS $sonic_san"
    CXXFLAGS="$CXXFLAGS $sonic_san"
    LDFLAGS="$LDFLAGS $sonic_san"])
  AM_CONDITIONAL([SANITIZED], [test "$sonic_sanitizers" != no])])

dnl SONIC_FUZZERS: libFuzzer needs clang; the targets are built with it whatever builds the rest.
AC_DEFUN([SONIC_FUZZERS], [
  AC_ARG_ENABLE([fuzzers], [AS_HELP_STRING([--disable-fuzzers], [leave the libFuzzer targets out of make check])],
    [], [enable_fuzzers=auto])
  AC_PATH_PROGS([FUZZ_CC], [clang clang-19 clang-18 clang-17 clang-16 clang-15 clang-14])
  sonic_fuzzers=no
  AS_IF([test "$enable_fuzzers" != no && test -n "$FUZZ_CC" && test "$sonic_sanitizers" = no], [
    AC_MSG_CHECKING([whether $FUZZ_CC links libFuzzer])
    echo '#include <stddef.h>
int LLVMFuzzerTestOneInput(const unsigned char *d, size_t n) { (void)d; (void)n; return 0; }' >conftest.c
    AS_IF([$FUZZ_CC -fsanitize=fuzzer,address,undefined conftest.c -o conftest$EXEEXT >/dev/null 2>&1],
      [sonic_fuzzers=yes])
    rm -f conftest.c conftest$EXEEXT
    AC_MSG_RESULT([$sonic_fuzzers])])
  AS_IF([test "$enable_fuzzers" = yes && test "$sonic_fuzzers" = no],
    [AC_MSG_ERROR([--enable-fuzzers needs clang with libFuzzer (libclang-rt-14-dev)])])
  AM_CONDITIONAL([FUZZERS], [test "$sonic_fuzzers" = yes])])
