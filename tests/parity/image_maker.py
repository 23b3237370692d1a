"""Makes image files for fuzz_images.py: whole ones by Pillow and by hand, and what mutations leave of them."""

import io
import random
import struct
import zlib

from PIL import Image, ImageFilter

from image_fields import FIELDS

MODES = ["RGB", "RGBA", "L", "P", "LA", "1", "I;16", "CMYK", "I", "F", "YCbCr", "PA", "LAB", "HSV"]
WRITTEN = ["PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "PPM", "AVIF", "BLP", "DDS", "DIB", "ICNS", "ICO", "IM", "JPEG2000", "MPO", "MSP", "PCX", "QOI", "SGI", "SPIDER", "TGA", "XBM", "EPS"]
COMPRESSIONS = [None, "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg", "group3", "group4", "tiff_ccitt", "tiff_raw_16", "zstd", "lzma", "webp"]
NUMBERS = [0, 1, 2, 3, 4, 7, 8, 9, 10, 12, 16, 24, 32, 63, 64, 100, 127, 128, 129, 255, 256, 257, 1000, 4096, 32767, 32768, 65535, 65536, 2**24, 2**31 - 1, 2**31, 2**32 - 1]


class Maker:
    def __init__(self, seed, formats=None):
        self.random = random.Random(seed)
        self.formats = formats or WRITTEN + sorted(HAND_MADE)

    def make(self):
        """A format's name and a file of it, mutated more often than not."""
        name = self.random.choice(self.formats)
        data = HAND_MADE[name](self.random) if name in HAND_MADE else self.write(name)
        return name, self.mutate(name, data)

    def picture(self):
        r = self.random
        size = r.choice([(1, 1), (7, 5), (33, 20), (64, 64), (100, 3), (3, 40), (16, 16), (129, 9)])
        noise = Image.frombytes("L", size, r.randbytes(size[0] * size[1]))
        image = Image.merge("RGB", [noise, noise.rotate(180), noise.filter(ImageFilter.BLUR)]) if r.random() < 0.5 else Image.new("RGB", size, r.getrandbits(24))
        try:
            return image.convert(r.choice(MODES))
        except ValueError:
            return image

    def options(self, name, image):
        r = self.random
        frames = [image.copy(), image.copy()] if r.random() < 0.15 else None
        choices = {
            "PNG": {"optimize": r.random() < 0.2, "bits": r.choice([None, 1, 2, 4, 8])},
            "JPEG": {"progressive": r.random() < 0.3, "quality": r.choice([5, 75, 95]), "subsampling": r.choice([0, 1, 2]), "restart_marker_rows": r.choice([0, 1])},
            "TIFF": {"compression": r.choice(COMPRESSIONS), "big_tiff": r.random() < 0.1, "tiffinfo": {k: r.choice(NUMBERS) for k in r.sample([266, 274, 278, 284, 317, 338], r.choice([0, 0, 1, 2]))}},
            "WEBP": {"lossless": r.random() < 0.5},
            "TGA": {"compression": r.choice([None, "tga_rle"]), "id_section": b"x" * r.choice([0, 5])},
            "JPEG2000": {"irreversible": r.random() < 0.5, "no_jp2": r.random() < 0.5, "tile_size": r.choice([None, (16, 16)])},
            "ICO": {"bitmap_format": r.choice(["png", "bmp"]), "sizes": r.choice([[(16, 16)], [(16, 16), (32, 32)], [(7, 5)]])},
            "DDS": {"pixel_format": r.choice([None, "DXT1", "DXT3", "DXT5", "BC2", "BC3", "BC5"])},
            "BLP": {"blp_version": r.choice(["BLP1", "BLP2"])},
            "SGI": {"bpc": r.choice([1, 2])},
            "AVIF": {"speed": 10, "quality": 50},
        }
        options = {k: v for k, v in choices.get(name, {}).items() if v is not None}
        if name in ("PNG", "GIF", "WEBP", "TIFF", "MPO", "AVIF") and frames:
            options.update(save_all=True, append_images=frames)
        if image.mode in ("P", "L", "RGB") and name in ("PNG", "GIF") and r.random() < 0.2:
            options["transparency"] = r.choice([0, 5, (1, 2, 3), b"\1\2"])
        if name in ("JPEG", "PNG", "WEBP", "TIFF") and r.random() < 0.2:
            exif = Image.Exif()
            exif[274] = r.randrange(10)
            options["exif"] = exif
        return options

    def write(self, name):
        image = self.picture()
        for mode in (image.mode, "RGB", "L", "1", "F"):
            out = io.BytesIO()
            try:
                attempt = image.convert(mode)
                attempt.save(out, name, **self.options(name, attempt))
                return out.getvalue()
            except Exception:  # not every mode can be written, nor every option
                continue
        return b""

    def mutate(self, name, data):
        r = self.random
        if not data or r.random() < 0.2:
            return data
        if r.random() < 0.35:
            data = data[: r.choice([r.randrange(len(data) + 1), max(0, len(data) - r.randrange(9))])]
            if r.random() < 0.7:
                return data
        data = bytearray(data)
        for _ in range(r.choice([1, 1, 1, 2, 3, 6])):
            reach = min(len(data), r.choice([16, 40, 130, 700, 10**9]))
            if not reach:
                break
            at, kind = r.randrange(reach), r.random()
            if kind < 0.3:
                data[at] ^= 1 << r.randrange(8)
            elif kind < 0.55:
                data[at] = r.choice([0, 1, 255, r.randrange(256), ord(r.choice("0123456789 \n-#"))])
            elif kind < 0.8:
                width, order = r.choice([1, 2, 2, 4]), r.choice(["big", "little"])
                data[at : at + width] = (r.choice(NUMBERS) % 256**width).to_bytes(width, order)
            elif kind < 0.9:
                data[at:at] = r.choice([b"\0", r.randbytes(r.randrange(9)), bytes(data[at : at + 12])])
            else:
                del data[at : at + r.choice([1, 1, 2, 12])]
        return mend_png(bytes(data)) if name == "PNG" and r.random() < 0.5 else bytes(data)


def mend_png(data):
    """The same chunks, each with its right checksum."""
    out, at = bytearray(data[:8]), 8
    while at + 12 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        body = data[at + 4 : at + 8 + size]
        out += data[at : at + 4] + body
        if len(body) == size + 4:
            out += struct.pack(">I", zlib.crc32(body))
        at += 12 + size
    return bytes(out + data[at:])


def packed(r, n):
    """Bytes that unpack to n or so, in PackBits."""
    out = bytearray()
    while n > 0:
        k = r.choice([1, 2, 5, 128])
        out += bytes([k - 1]) + r.randbytes(k) if r.random() < 0.5 or k == 1 else bytes([257 - k, r.randrange(256)])
        n -= k
    return bytes(out)


def psd(r):
    mode, bits, channels = r.choice([(3, 8, 3), (3, 8, 4), (1, 8, 1), (2, 8, 1), (4, 8, 4), (9, 8, 3), (0, 1, 1), (3, 16, 3)])
    w, h = r.choice([(5, 3), (16, 9), (1, 1)])
    head = b"8BPS" + struct.pack(">H6xHIIHH", 1, channels, h, w, bits, mode)
    palette = r.randbytes(r.choice([0, 768])) if mode == 2 else b""
    resource = r.choice([b"", b"8BIM" + struct.pack(">HBB", 1039, 0, 0) + struct.pack(">I", 4) + b"abcd"])
    sections = b"".join(struct.pack(">I", len(s)) + s for s in (palette, resource, r.choice([b"", b"\0\0\0\0"])))
    if r.random() < 0.5:
        return head + sections + b"\0\0" + r.randbytes(w * h * channels)
    rows = [packed(r, (w * (1 if bits == 1 else 8) + 7) // 8) for _ in range(h * channels)]
    return head + sections + b"\0\1" + b"".join(struct.pack(">H", len(row)) for row in rows) + b"".join(rows)


def sun(r):
    w, h, depth, kind = r.choice([5, 16, 33]), r.choice([1, 4]), r.choice([1, 4, 8, 24, 32]), r.randrange(6)
    palette = r.choice([0, 0, 6, 768])
    data = bytes(r.choice([0x80, 0, 5, r.randrange(256)]) for _ in range(2 * w * h * 4)) if kind == 2 else r.randbytes(((w * depth + 15) // 16) * 2 * h)
    return struct.pack(">8I", 0x59A66A95, w, h, depth, len(data), kind, int(palette > 0), palette) + r.randbytes(palette) + data


def fits(r):
    bits, axes = r.choice([8, 16, 32, -32, -64]), [r.choice([3, 10]), r.choice([1, 4])][: r.choice([1, 2, 2, 2])]
    cards = ["SIMPLE  = T", f"BITPIX  = {bits} / bits", f"NAXIS   = {len(axes)}"] + [f"NAXIS{i + 1}  = {n}" for i, n in enumerate(axes)] + ["END"]
    pixels = r.randbytes(abs(bits) // 8 * axes[0] * (axes[1] if len(axes) > 1 else 1))
    return "".join(c.ljust(80) for c in cards).ljust(2880).encode() + pixels.ljust(r.choice([2880, len(pixels)]), b"\0")


def xpm(r):
    n, w, h = r.choice([2, 5, 300]), r.choice([3, 10]), r.choice([1, 4])
    keys = [f"{i:02x}" if n < 256 else f"{i:03x}" for i in range(n)]
    colors = [f'"{k} c {r.choice(["None", "#%06x" % r.getrandbits(24), "red" if r.random() < 0.02 else "#fff"])}",' for k in keys]
    rows = ['"' + "".join(r.choices(keys, k=w)) + '",' for _ in range(h)]
    return "\n".join(["/* XPM */", "static char *x[] = {", f'"{w} {h} {n} {len(keys[0])}",'] + colors + ["/* pixels */"] * r.randrange(2) + rows + ["};", ""]).encode()


def fli(r):
    w, h = r.choice([(8, 4), (3, 3)])
    kinds = {16: r.randbytes(w * h), 13: b"", 15: b"".join(b"\1" + bytes([w, 7]) for _ in range(h)), 12: struct.pack("<HH", 0, h) + b"\1\0\1x" * h, 7: struct.pack("<H", h) + b"\1\0\0\1ab" * h, 18: b"abcd", 4: b"\1\0\0\1abc", 11: b"\1\0\0\1123"}
    parts = b"".join(struct.pack("<IH", len(kinds[k]) + 6, k) + kinds[k] for k in r.choices(sorted(kinds), k=r.choice([1, 2, 3])))
    frame = struct.pack("<IHH8x", len(parts) + 16, 0xF1FA, r.choice([1, 2, 3])) + parts
    return struct.pack("<IHHHHHHI", 128, r.choice([0xAF11, 0xAF12]), 1, w, h, 8, 3, 5).ljust(128, b"\0") + frame + r.randbytes(r.choice([0, 20]))


def dcx(r):
    out = io.BytesIO()
    Image.new(r.choice(["L", "RGB", "1", "P"]), (r.choice([5, 8]), 3)).save(out, "PCX")
    return struct.pack("<III", 0x3ADE68B1, 12, 0) + out.getvalue()


def cur(r):
    out = io.BytesIO()
    Image.new(r.choice(["L", "RGB", "1", "RGBA"]), (r.choice([5, 8]), r.choice([6, 7]))).save(out, "DIB")
    return struct.pack("<HHH", 0, 2, 1) + struct.pack("<BBBBHHII", 8, 3, 0, 0, 0, 0, len(out.getvalue()), 22) + out.getvalue()


def rows(r, head, size):
    return head + r.randbytes(size)


def gzipped_fits(r):
    first = "".join(c.ljust(80) for c in ["SIMPLE  = T", "BITPIX  = 8", "NAXIS   = 0", "END"]).ljust(2880)
    cards = ["XTENSION= 'BINTABLE'", "BITPIX  = 8", "NAXIS   = 2", "NAXIS1  = 8", "NAXIS2  = 1", "ZIMAGE  = T", "ZCMPTYPE= 'GZIP_1  '", f"ZBITPIX = {r.choice([8, 16, 32])}", "ZNAXIS  = 2", "ZNAXIS1 = 5", "ZNAXIS2 = 3", "END"]
    packer = zlib.compressobj(wbits=31)
    return (first + "".join(c.ljust(80) for c in cards).ljust(2880)).encode() + b"12345678" + packer.compress(r.randbytes(60)) + packer.flush()


def iptc(r):
    def field(key, data):
        return b"\x1c" + bytes(key) + struct.pack(">H", len(data)) + data
    fields = [field((3, 20), b"\0\5"), field((3, 30), b"\0\3"), field((3, 60), r.choice([b"\1\0", b"\3\1", b"\4\1"])), field((3, 120), r.choice([b"\1", b"\5"]))]
    return b"".join(fields + [field((3, 65), b"\2")] * r.randrange(2)) + field((8, 10), r.randbytes(15))


def imt(r):
    return b"* comment\nwidth 5\nheight 3\npixel n8\n\x0c" + r.randbytes(15)


def some(r, most=40):
    """A few random bytes, small ones more often: counts of runs, and what they repeat."""
    return bytes(r.choice([0, 1, 2, 3, 5, r.randrange(256)]) for _ in range(r.randrange(most)))


def bmp_runs(r):
    """Eight or four bits, by runs, with what may be wrong about them."""
    bits, width, height = r.choice([(8, 1), (4, 2)]), r.choice([1, 5, 16]), r.choice([1, 3])
    data = b"".join(r.choice([some(r, 6), b"\0\0", b"\0\2" + some(r, 3), bytes([r.randrange(6), r.randrange(16)]), b"\0\3abc\0"]) for _ in range(r.randrange(12))) + r.choice([b"", b"\0\1"])
    palette = bytes(4 << bits[0])[: 4 << r.choice([1, 4, 8])]
    head = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits[0], bits[1], len(data), 0, 0, len(palette) // 4, 0)
    return b"BM" + struct.pack("<IHHI", 54 + len(palette) + len(data), 0, 0, 54 + len(palette)) + head + palette + data


def bmp_masks(r):
    """Colours by bit masks, in the header or behind it."""
    bits = r.choice([16, 24, 32])
    masks = r.choice([(0xF800, 0x7E0, 0x1F, 0), (0x7C00, 0x3E0, 0x1F, 0), (0xFF0000, 0xFF00, 0xFF, 0xFF000000), (0xFF0000, 0xFF00, 0xFF, 0), (0xFF, 0xFF00, 0xFF0000, 0), (1, 2, 4, 8)])
    size = r.choice([40, 52, 56, 64, 108, 124])
    head = struct.pack("<IiiHHIIiiII", size, 5, r.choice([3, -3]), 1, bits, 3, 0, 0, 0, 0, 0) + struct.pack("<4I", *masks)
    head = head[:52] if size == 40 else head[:size].ljust(size, b"\0")
    return b"BM" + struct.pack("<IHHI", 0, 0, 0, 14 + len(head)) + head + bytes(r.choice([60, 48, 30]))


def sgi_runs(r):
    wide, planes, width, height = r.choice([1, 2]), r.choice([1, 3, 4]), r.choice([1, 5, 20]), r.choice([1, 2])
    unit = ">B" if wide == 1 else ">H"
    packed = [b"".join(struct.pack(unit, v) for v in r.choice([[width, 7, 0], [0x80 | width, *range(width), 0], [1, 2], [0], [200, 1, 0]])) for _ in range(planes * height)]
    begin, starts = 512 + 8 * len(packed), []
    for row in packed:
        starts.append(begin)
        begin += len(row)
    head = struct.pack(">HBBHHHH", 474, 1, wide, 3 if planes > 1 else 2, width, height, planes).ljust(512, b"\0")
    return head + struct.pack(f">{len(packed)}I", *starts) + struct.pack(f">{len(packed)}I", *map(len, packed)) + b"".join(packed)


def msp_runs(r):
    width, height = r.choice([(8, 2), (20, 3), (33, 1)])
    row = (width + 7) // 8
    packed = [r.choice([b"", bytes([0, row, 255]), bytes([row]) + bytes(row), some(r, 6)]) for _ in range(height)]
    words = [0x694C, 0x536E, width, height, 1, 1, 1, 1, width, height, 0, 0]
    check = 0
    for word in words:
        check ^= word
    return struct.pack("<16H", *words, check, 0, 0, 0) + struct.pack(f"<{height}H", *map(len, packed)) + b"".join(packed)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_chunks(r):
    """Text, colours, animations: right, cut or too much."""
    text = zlib.compress(b"a" * r.choice([5, 3000]))
    extra = [(b"tEXt", r.choice([b"key\0text", b"key", b"\0", b""])), (b"zTXt", r.choice([b"key\0\0" + text, b"key\0\1" + text, b"key\0\0junk", b"key\0", b"k"])),
             (b"iTXt", r.choice([b"key\0\0\0en\0k\0text", b"key\0\1\0en\0k\0" + text, b"key\0\1\1en\0k\0" + text, b"key\0\1\0en\0k\0junk", b"key\0\0\0\xff\0k\0\xfe", b"key\0\0", b"key\0\0\0en"])),
             (b"iCCP", r.choice([b"p\0\0" + text, b"p\0\1" + text, b"p\0\0junk", b"p"])), (b"gAMA", r.choice([b"\0\0\xb1\x8f", b"\0"])), (b"cHRM", r.choice([bytes(32), bytes(3)])),
             (b"sRGB", r.choice([b"\0", b""])), (b"pHYs", r.choice([bytes(8) + b"\1", bytes(9), b"\0"])), (b"tRNS", r.choice([b"\0\1", bytes(6), b"\0\xff", b""])), (b"PLTE", r.choice([bytes(9), bytes(6)])),
             (b"eXIf", r.choice([b"MM\0*\0\0\0\x08\0\0", b"II"])), (b"acTL", r.choice([struct.pack(">II", n, 0) for n in (0, 1, 2, 1 << 31)] + [b"\0"])),
             (b"fcTL", r.choice([struct.pack(">IIIIIHHBB", seq, w, 3, x, 0, 1, 10, r.randrange(3), r.randrange(2)) for seq, w, x in ((0, 5, 0), (1, 5, 0), (0, 9, 0), (0, 5, 7))] + [b"\0"])),
             (b"fdAT", r.choice([b"\0\0\0\0" + zlib.compress(bytes(48)), b"\0"])), (b"cICP", b"\1\2\0\1"), (b"abCd", some(r)), (b"ABCD", some(r))]
    colour, size = r.choice([(2, 48), (0, 18), (3, 18), (6, 63)])
    body = [chunk(*r.choice(extra)) for _ in range(r.randrange(5))] + ([chunk(b"PLTE", bytes(9))] if colour == 3 else [])
    after = [chunk(*r.choice(extra)) for _ in range(r.randrange(3))]
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 5, 3, 8, colour, 0, 0, r.choice([0, 0, 1]))) + b"".join(body) + chunk(b"IDAT", zlib.compress(bytes(size))) + b"".join(after) + chunk(b"IEND", b"")


def icns_runs(r):
    """Old icons, by runs or whole, with or without a mask."""
    kind, mask, side = r.choice([(b"is32", b"s8mk", 16), (b"il32", b"l8mk", 32), (b"it32", b"t8mk", 128)])
    plane = (bytes([0xFF, 7]) * (side * side // 130)) + bytes([0x80 + side * side % 130 - 3, 7] if side * side % 130 >= 3 else [side * side % 130 - 1] + [1] * (side * side % 130))
    data = r.choice([plane * 3, plane * 2, some(r), bytes(side * side * 3) if side < 128 else plane])
    blocks = [(kind, (bytes(4) if kind == b"it32" and r.random() < 0.8 else b"") + data)]
    if r.random() < 0.6 and side < 128:
        blocks.append((mask, bytes(side * side) if r.random() < 0.8 else b"a"))
    body = b"".join(name + struct.pack(">I", 8 + len(block)) + block for name, block in blocks)
    return b"icns" + struct.pack(">I", 8 + len(body)) + body


def blp_palette(r):
    version, encoding, alpha = r.choice([1, 2]), r.choice([1, 2, 3, 4, 5]), r.choice([0, 1, 8])
    data = b"BLP%d" % version + (struct.pack("<ibbbb", 1, encoding, alpha, r.choice([0, 1, 7]), 0) if version == 2 else struct.pack("<ii", r.choice([0, 1]), alpha)) + struct.pack("<II", 4, 4)
    data += struct.pack("<ii", encoding, 0) if version == 1 else b""
    begin = len(data) + 128 + 1024
    return data + struct.pack("<16I", begin, *[0] * 15) + struct.pack("<16I", 64, *[0] * 15) + bytes(r.choice([1024, 1024, 100])) + bytes(r.choice([16, 32, 64, 3]))


HAND_MADE = {
    "PSD": psd, "SUN": sun, "FITS": fits, "FITS_GZIP": gzipped_fits, "XPM": xpm, "FLI": fli, "DCX": dcx, "CUR": cur, "IPTC": iptc, "IMT": imt,
    "BMP_RUNS": bmp_runs, "BMP_MASKS": bmp_masks, "SGI_RUNS": sgi_runs, "MSP_RUNS": msp_runs, "PNG_CHUNKS": png_chunks, "ICNS_RUNS": icns_runs, "BLP_PALETTE": blp_palette,
    "PIXAR": lambda r: rows(r, b"\200\350\0\0".ljust(416, b"\0") + struct.pack("<HH4xHH", 3, 5, 14, 2).ljust(608, b"\0"), 45),
    "MCIDAS": lambda r: rows(r, struct.pack(">64i", 0, 4, *[0] * 6, 3, 5, 1, 0, 0, 1, 0, *[0] * 18, 256, *[0] * 30), 15),
    "GBR": lambda r: rows(r, struct.pack(">5I4sI", 30, 2, 5, 3, r.choice([1, 4]), b"GIMP", 9) + b"a\0", 60),
    "FTEX": lambda r: rows(r, b"FTEX" + struct.pack("<7iI", 1, 5, 3, 1, 1, r.choice([0, 1]), 32, 45), 45),
    "XVTHUMB": lambda r: rows(r, b"P7 332\n#XVVERSION\n#END\n5 3 255\n", 15),
    "PCD": lambda r: rows(r, bytes(2048) + b"PCD_".ljust(1538, b"\0") + bytes([r.randrange(4)]) + bytes(96 * 2048 - 3587), 768 * 768),
    "MPEG": lambda r: b"\0\0\1\xb3" + r.randbytes(8),
    "STUB": lambda r: r.choice([b"BUFR", b"GRIB\0\0\0\1", b"\x89HDF\r\n\x1a\n", b"\xd7\xcd\xc6\x9a\0\0" + struct.pack("<5H6x", 0, 0, 99, 99, 72) + b"\1\0\x09\0"]).ljust(50, b"\0"),
    "EMF": lambda r: struct.pack("<10i", 1, 88, 0, 0, 9, 9, 0, 0, 99, 99) + b" EMF" + bytes(20),
    "PFM": lambda r: rows(r, b"Pf\n5 3\n%s\n" % r.choice([b"-1.0", b"1", b"0.5e2"]), 60),
    "PNM": lambda r: b"P%d\n5 3\n%s" % (k := r.choice([1, 2, 3]), b"" if k == 1 else b"%d\n" % (m := r.choice([1, 9, 255, 1000]))) + b" ".join(b"%d" % r.randrange(2 if k == 1 else m + 1) for _ in range(15 if k < 3 else 45)) + b"\n",
    "NOISE": lambda r: r.randbytes(r.choice([0, 1, 4, 18, 100, 700])),
    "TGA_PALETTE": lambda r: rows(r, struct.pack("<BBBHHBHHHHBB", 0, 1, r.choice([1, 9, 2, 3]), r.choice([0, 3]), 9, r.choice([16, 24, 32, 8]), 0, 0, 5, 3, 8, r.choice([0, 0x10, 0x20, 0x30])), 90),
    **FIELDS,
}
