dnl SONIC_TIER(NAME, FLAGS, HEADERS AND GLOBALS, STATEMENT): builds tier NAME if the compiler and the
dnl assembler can turn STATEMENT into a program with FLAGS. Linking probes both; nothing is run.
AC_DEFUN([SONIC_TIER], [
  AC_ARG_ENABLE([$1], [AS_HELP_STRING([--disable-$1], [leave the $1 kernels out])], [], [enable_$1=yes])
  AS_IF([test "$enable_$1" = no], [sonic_tier_$1=no], [
    AC_CACHE_CHECK([whether $CC can build the $1 tier], [sonic_cv_tier_$1], [
      sonic_saved_CFLAGS=$CFLAGS
      CFLAGS="$CFLAGS $2"
      AC_LINK_IFELSE([AC_LANG_PROGRAM([$3], [$4])], [sonic_cv_tier_$1=yes], [sonic_cv_tier_$1=no])
      CFLAGS=$sonic_saved_CFLAGS])
    sonic_tier_$1=$sonic_cv_tier_$1])
  AS_IF([test "$sonic_tier_$1" = yes], [
    AC_DEFINE(m4_toupper([SONIC_HAVE_$1]), [1], [Whether the $1 kernels are built.])
    sonic_tiers="$sonic_tiers $1"])
  m4_toupper([$1])_CFLAGS="$2"
  AC_SUBST(m4_toupper([$1])[_CFLAGS])
  AM_CONDITIONAL(m4_toupper([TIER_$1]), [test "$sonic_tier_$1" = yes])])

AC_DEFUN([SONIC_TIERS], [
  sonic_tiers=ref
  dnl What -O3 would add for the kernels' loops; -O2, which follows in CFLAGS, does not take it back.
  LOOP_CFLAGS=
  m4_foreach_w([flag], [-ftree-vectorize -fvect-cost-model=dynamic], [SONIC_ADD_FLAG([LOOP_CFLAGS], flag)])
  AC_SUBST([LOOP_CFLAGS])
  SONIC_TIER([aesni], [-msse4.1 -maes -mpclmul],
    [#include <immintrin.h>],
    [__m128i x = _mm_setzero_si128(); x = _mm_aesenc_si128(x, x); x = _mm_clmulepi64_si128(x, x, 0);
     return _mm_extract_epi32(x, 1);])
  SONIC_TIER([avx2], [-msse4.1 -maes -mpclmul -mavx2 -mbmi2],
    [#include <immintrin.h>],
    [__m256i x = _mm256_setzero_si256(); x = _mm256_mul_epu32(x, x); return _mm256_extract_epi32(x, 1);])
  SONIC_TIER([vaes256], [-msse4.1 -maes -mpclmul -mavx2 -mbmi2 -mvaes -mvpclmulqdq],
    [#include <immintrin.h>],
    [__m256i x = _mm256_setzero_si256(); x = _mm256_aesenc_epi128(x, x);
     return _mm256_extract_epi32(x, 1);])
  SONIC_TIER([avx512],
    [-msse4.1 -maes -mpclmul -mavx2 -mbmi2 -mvaes -mvpclmulqdq -mavx512f -mavx512bw -mavx512dq -mavx512vl -mgfni -mprefer-vector-width=512],
    [#include <immintrin.h>],
    [__m512i x = _mm512_setzero_si512(); x = _mm512_aesenc_epi128(x, x); x = _mm512_mullo_epi64(x, x);
     x = _mm512_gf2p8affine_epi64_epi8(x, x, 0); return (int)_mm512_reduce_add_epi64(x);])
  AS_IF([test "$sonic_tier_avx512" = no], [enable_avx512ifma=no])
  SONIC_TIER([avx512ifma],
    [-msse4.1 -maes -mpclmul -mavx2 -mbmi2 -mvaes -mvpclmulqdq -mavx512f -mavx512bw -mavx512dq -mavx512vl -mgfni -mavx512ifma -mavx512vnni -mprefer-vector-width=512],
    [#include <immintrin.h>],
    [__m512i x = _mm512_setzero_si512(); x = _mm512_madd52lo_epu64(x, x, x); x = _mm512_dpwssd_epi32(x, x, x);
     return (int)_mm512_reduce_add_epi64(x);])])
