/* Elementwise parts of material made by oblivious transfers, one template for both rings. */
#include "proto/offline/ot_relu_elements.h"

#include <string.h>

/* Elements that are copied byte by byte so that nothing beyond the last is touched. */
enum { EXACT = 8 };

#define ELEMENT uint32_t
#define NAME(function) function##32
#include "proto/offline/ot_relu_tmpl.h"

#define ELEMENT uint64_t
#define NAME(function) function##64
#include "proto/offline/ot_relu_tmpl.h"
