/* IDX, the format of MNIST: two zero bytes, type, rank, big-endian dimensions, big-endian values.
 */
#include "tools/data_file.h"

#include "dispatch/error.h"

bool sonic_idx_recognise(const uint8_t *bytes, size_t n)
{
    return n >= 4 && bytes[0] == 0 && bytes[1] == 0 && bytes[2] >= 0x08 && bytes[2] <= 0x0e;
}

static uint32_t read_big(const uint8_t bytes[4])
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

sonic_status sonic_idx_header(sonic_data_header *header, sonic_data_source *source,
                              sonic_error *error)
{
    const char *path = sonic_data_source_path(source);
    uint8_t bytes[4];
    sonic_status status = sonic_data_source_read(source, bytes, 4, "its header", error);
    if (status != SONIC_OK)
        return status;
    switch (bytes[2]) {
    case 0x08: header->element = SONIC_ELEMENT_U8; break;
    case 0x0c: header->element = SONIC_ELEMENT_I32; break;
    case 0x0d: header->element = SONIC_ELEMENT_F32; break;
    case 0x0e: header->element = SONIC_ELEMENT_F64; break;
    default:
        return sonic_fail(error, SONIC_E_UNSUPPORTED,
                          "%s holds IDX values of type 0x%02x; bytes, int32 and floats are read",
                          path, bytes[2]);
    }
    unsigned rank = bytes[3];
    if (rank < 1 || rank > SONIC_RANK_MAX + 1)
        return sonic_fail(error, SONIC_E_FORMAT, "%s has %u dimensions; 1 to %u can be read", path,
                          rank, (unsigned)SONIC_RANK_MAX + 1);
    header->big_endian = true;
    for (unsigned i = 0; i < rank; i++) {
        status = sonic_data_source_read(source, bytes, 4, "its header", error);
        if (status != SONIC_OK)
            return status;
        if (i == 0)
            header->count = read_big(bytes);
        else
            header->item.dim[i - 1] = read_big(bytes);
    }
    header->item.rank = rank - 1;
    return SONIC_OK;
}
