dnl SONIC_CONSTANT_TIME: the constant-time tests need valgrind with its header, and a linker that puts
dnl a function of theirs before one of the library's.  Call it after SONIC_SANITIZERS.
AC_DEFUN([SONIC_CONSTANT_TIME], [
  AC_ARG_WITH([valgrind],
    [AS_HELP_STRING([--without-valgrind], [do without the constant-time tests])],
    [], [with_valgrind=auto])
  AC_PATH_PROG([VALGRIND], [valgrind])
  AC_CACHE_CHECK([for valgrind/memcheck.h and -Wl,--wrap], [sonic_cv_memcheck], [
    sonic_saved_LDFLAGS=$LDFLAGS
    LDFLAGS="$LDFLAGS -Wl,--wrap=absent"
    AC_LINK_IFELSE([AC_LANG_PROGRAM([#include <valgrind/memcheck.h>
int absent(void);
int __wrap_absent(void);
int __wrap_absent(void) { return !RUNNING_ON_VALGRIND; }], [return absent();])],
      [sonic_cv_memcheck=yes], [sonic_cv_memcheck=no])
    LDFLAGS=$sonic_saved_LDFLAGS])
  AS_IF([test "$with_valgrind" = no], [CONSTANT_TIME_REPORT="no (left out)"],
    [test "$sonic_sanitizers" != no], [CONSTANT_TIME_REPORT="no (valgrind runs no sanitizers)"],
    [test -n "$VALGRIND" && test "$sonic_cv_memcheck" = yes], [CONSTANT_TIME_REPORT=yes],
    [CONSTANT_TIME_REPORT="no (valgrind or valgrind/memcheck.h not found)"])
  AS_IF([test "$with_valgrind" = yes && test "$CONSTANT_TIME_REPORT" != yes],
    [AC_MSG_ERROR([--with-valgrind: $CONSTANT_TIME_REPORT])])
  AC_SUBST([CONSTANT_TIME_REPORT])
  AM_CONDITIONAL([CONSTANT_TIME], [test "$CONSTANT_TIME_REPORT" = yes])])
