#include "image_file.h"
#include "image_reader.h"

/* Formats that Pillow recognizes and, on Linux, cannot decode. Rule:
 * PIL.{BufrStub,GribStub,Hdf5Stub,Wmf}ImagePlugin and StubImageFile.load of Pillow 13.0.0. */

static bool bufr_accept(struct str bytes)
{
    return str_starts_with(bytes, STR("BUFR")) || str_starts_with(bytes, STR("ZCZC"));
}

static bool grib_accept(struct str bytes)
{
    return bytes.size >= 8 && str_starts_with(bytes, STR("GRIB")) && bytes.data[7] == 1;
}

static bool hdf5_accept(struct str bytes)
{
    return str_starts_with(bytes, STR("\x89HDF\r\n\x1a\n"));
}

/* Known by name only: the size stays 0. */
static enum image_verdict stub_open(struct image_file *image)
{
    image->mode = "F";
    return IMAGE_OPENED;
}

static bool wmf_accept(struct str bytes)
{
    return str_starts_with(bytes, STR("\xd7\xcd\xc6\x9a\0\0")) || str_starts_with(bytes, STR("\1\0\0\0"));
}

static int64_t wmf_short(const char *p)
{
    return (int16_t)image_le16(p);
}

static int64_t emf_long(const char *p)
{
    return (int32_t)image_le32(p);
}

/* Python's floor division. */
static int64_t wmf_scale(int64_t size, int64_t inch)
{
    int64_t n = size * 72;
    return n / inch - (n % inch < 0);
}

/* A placeable metafile has a box and a unit, an enhanced one two boxes. */
static enum image_verdict wmf_open(struct image_file *image)
{
    const char *p = image->bytes.data;
    size_t size = image->bytes.size;
    image->mode = "RGB";
    if (p[0] != 1) {
        if (size < 16)
            return IMAGE_NEXT;
        uint32_t inch = image_le16(p + 14);
        if (inch == 0)
            return IMAGE_REFUSED;
        image->width = wmf_scale(wmf_short(p + 10) - wmf_short(p + 6), inch);
        image->height = wmf_scale(wmf_short(p + 12) - wmf_short(p + 8), inch);
        return size >= 26 && memcmp(p + 22, "\1\0\x09\0", 4) == 0 ? IMAGE_OPENED : IMAGE_NEXT;
    }
    if (size < 44 || memcmp(p + 40, " EMF", 4) != 0)
        return IMAGE_NEXT;
    image->width = emf_long(p + 16) - emf_long(p + 8);
    image->height = emf_long(p + 20) - emf_long(p + 12);
    bool has_frame = image_le32(p + 32) != image_le32(p + 24) && image_le32(p + 36) != image_le32(p + 28);
    return has_frame ? IMAGE_OPENED : IMAGE_REFUSED; /* a ZeroDivisionError */
}

static enum sidetok_error stub_load(struct call *call, struct image_file *image)
{
    return failure_set(call, SIDETOK_E_OS, "cannot find loader for this %s file", image->format->name);
}

const struct image_format image_format_bufr = {"BUFR", bufr_accept, stub_open, stub_load};
const struct image_format image_format_grib = {"GRIB", grib_accept, stub_open, stub_load};
const struct image_format image_format_hdf5 = {"HDF5", hdf5_accept, stub_open, stub_load};
const struct image_format image_format_wmf = {"WMF", wmf_accept, wmf_open, stub_load};
