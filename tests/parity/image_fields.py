"""Image files written field by field, for image_maker.py: each field as it should be, and with what may be wrong about it."""

import io
import struct
import zlib

from PIL import Image


def pick(r, right, *wrong):
    """The right value six times out of seven."""
    return r.choice(wrong) if r.random() < 1 / 7 else right


def im_header(r):
    """A text header: every type of pixels that has a name, every way to give a size."""
    kinds = ["0 1", "L 1", "Greyscale", "Grayscale", "RGB", "RLB", "RYB", "B1", "B2", "B4", "X 24", "L 32 S", "L 32 F", "RGB3", "RYB3", "LA", "PA", "RGBA", "RGBX", "CMYK", "YCC"]
    kinds += [f"L{mark}{bits}" for mark in " *" for bits in ("8", "8S", "16", "16S", "32", "32F", "16L", "16B", "32S")] + [f"L*{bits}" for bits in range(1, 34)]
    kind = r.choice([r.choice(kinds) + " image", r.choice(["L", "P", "LAB", "1", "RGB", "RGBA", "CMYK", "YCbCr", "HSV", "I", "F", "LA", "PA", "La", "RGBX", "RGBa", "I;16", "I;16L", "I;16B", "", "no such"])])
    size = pick(r, r.choice(["5*3", "5,3", " 5 *\t3\x1f"]), "5", "5.0*3", "0.5*3", "x*3", "*3", "5*3*2", "1e3*1e9", "-5*3", "90000*90000", "\xa05*3\x85", "inf*1", "nan*1", "0x5*3", "1" * 40 + "*3", "5_0*3", "1_*3")
    fields = [f"Image type: {kind}", f"Image size (x*y): {size}", f"File size (no of images): {r.choice(['1', '2', 'x'] if r.random() < 0.2 else ['1'])}"]
    fields += r.sample(["Name: a", "Comment: b", "Comment:", "Date:\t c", "Scale (x,y): 1*1", "Scale (x,y): 1,y", "no colon", "1: begins with no letter", "Name: " + "a" * 100, "two: lines\rof: text", "Lut: 1", "Lut: 1"], k=r.choice([0, 0, 1, 2]))
    r.shuffle(fields)
    end = r.choice(["\r\n", "\n", "\n\r"])
    head = end.join(fields[: pick(r, len(fields), 0, 1)]) + pick(r, end, "")
    palette = b"" if "Lut" not in head else r.choice([bytes(range(256)) * 3, bytes(768), r.randbytes(768), bytes(pick(r, 768, 767, 5)), bytes(range(256)) * 2 + bytes(256)])
    return head.encode("latin-1") + pick(r, b"\0" * 9 + b"\x1a", b"\x1a", b"\0", b"", b"\0\0abc") + palette + bytes(r.choice([15, 30, 45, 60, 60, 240, 600]))


def imt_header(r):
    lines = [pick(r, "width 5", "width x", "width", "width  5", "width 0", "WIDTH 5"), pick(r, "height 3", "height -1", "height 3 4"), pick(r, "pixel n8", "pixel n16", "pixel"), *r.sample(["* comment", "other 5", "", "a", "a" * 101, "end"], k=r.choice([0, 1, 2]))]
    r.shuffle(lines)
    return (r.choice(["\n", "\r\n"]).join(lines) + "\n").encode() + pick(r, b"\f", b"", b"\n\f") + bytes(r.choice([15, 14, 3]))


def small(r, kind, **options):
    out = io.BytesIO()
    Image.new(r.choice(["L", "RGB"]), (r.choice([1, 9]), 3)).save(out, kind, **options)
    return out.getvalue()


def segment(marker, data, size=None):
    return bytes([255, marker]) + struct.pack(">H", len(data) + 2 if size is None else size) + data


def photoshop(r):
    """Photoshop's blocks: number, name, size, data; a resolution is looked into."""
    blocks = b""
    for _ in range(r.randrange(4)):
        data, name = pick(r, b"\0\x48\0\0\0\1\0\1" * 2, b"", b"abc", b"\0" * 13), pick(r, b"", b"a", b"name")
        name = bytes([pick(r, len(name), 255)]) + name
        blocks += pick(r, b"8BIM", b"8BIX") + struct.pack(">H", r.choice([0x3ED, 0x3ED, 0x404])) + name + b"\0" * ((len(name) + len(blocks)) % 2) + struct.pack(">I", pick(r, len(data), 0, 1, 1000, 2**32 - 1)) + data + b"\0" * (len(data) % 2)
    return b"Photoshop 3.0\0" + blocks[: pick(r, len(blocks), r.randrange(len(blocks) + 1))]


def jpeg_segments(r):
    """Segments in front of a picture's own."""
    data = small(r, "JPEG", progressive=r.random() < 0.2)
    frame = struct.pack(">BHHB", pick(r, 8, 12), 3, 9, 3) + bytes(9)
    segments = {
        0xE0: pick(r, b"JFIF\0\1\1\1\0\1\0\1\0\0", b"JFIF\0\1", b"JFIF\0\1\1", b"JFIF", b"JFXX\0"), 0xE1: r.choice([b"Exif\0\0MM\0*\0\0\0\x08\0\0", b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0x"]),
        0xE2: r.choice([b"ICC_PROFILE\0" + bytes([n, m]) + b"abc" for n, m in ((1, 1), (2, 2), (1, 2), (0, 0))] + [b"ICC_PROFILE\0", b"ICC_PROFILE\0\1", b"FPXR\0", b"MPF\0", b"MPF\0MM\0*\0\0\0\x08\0\0"]),
        0xED: photoshop(r), 0xEE: pick(r, b"Adobe\0\x64\0\0\0\0\1", b"Adobe\0", b"Adobe\0\x64"), 0xFE: b"a comment",
        0xDB: pick(r, b"\0" + bytes(range(1, 65)), b"\0" + bytes(63), b"\x10" + bytes(range(1, 129)), b"\x10" + bytes(127), b"\0" + bytes(range(1, 65)) + b"\1" + bytes(range(1, 65)), b""),
        0xC0: pick(r, frame, frame[:5], frame[:-1], b"\x08\0\3\0\5\2" + bytes(6), b"\x08\0\3\0\5\4" + bytes(12), b""), 0xDE: frame, 0xC3: frame, 0xC8: b"", 0xDD: b"\0\1", 0xCC: b"\0\1", 0xDC: b"\0\3", 0xDF: b"\0", 0xD0: b"", 0xF0: b"", 0xD8: b"", 0xD9: b"",
    }
    extra = b""
    for _ in range(r.choice([1, 1, 2, 3])):
        marker = r.choice([0xE0, 0xE2, 0xED, 0xED, 0xDB, 0xEE, *segments])
        extra += pick(r, segment(marker, segments[marker]), segment(marker, segments[marker], r.choice([0, 1, 2, 3, 65535])), b"\xff", b"\xff\0", b"\xff\0\xff", b"junk", bytes([255, marker]), b"\xff\x01", b"\xff\xbf")
    at = pick(r, 2, data.rindex(b"\xff\xda"), data.index(b"\xff\xc4"))
    return data[:at] + extra + data[at:]


def box(r, kind, data):
    """A box, its size in four bytes or eight, or wrong."""
    size = pick(r, len(data) + 8, 0, 7, 8, 9, len(data) + 9, 2**31)
    long_size = struct.pack(">I4sQ", 1, kind, pick(r, len(data) + 16, 15, 16, 2**63 - 1, 2**63 + 20, 2**64 - 1))
    return (long_size if r.random() < 0.1 else struct.pack(">I4s", size, kind)) + data


def jpeg2000_boxes(r):
    """The boxes of a header: palettes, colour spaces, resolutions. The stream may have markers, or be cut."""
    mode = r.choice(["L", "L", "LA", "RGB", "RGBA"])
    out = io.BytesIO()
    Image.new(mode, (5, 3)).save(out, "JPEG2000", no_jp2=True)
    n_bands, depths, n_colors = pick(r, 3, 0, 1, 4, 4, 5, 6, 7), pick(r, 7, 8, 9, 15), r.choice([0, 1, 2, 3, 256, 257, 300])
    colors = bytes(n_bands) * n_colors if r.random() < 0.3 else b"".join(i.to_bytes(max(2, n_bands), "big")[-n_bands:] * (n_bands > 0) for i in range(n_colors))
    pclr = struct.pack(">HB", n_colors, n_bands) + bytes([depths]) * n_bands + colors[: pick(r, len(colors), len(colors) // 2)]
    mapped = b"".join(bytes([0, 0, 1, i]) for i in range(n_bands))
    size = struct.pack(">IIHB3x", 3, 5, pick(r, len(mode), 0, 1, 2, 4, 5), pick(r, 7, 15, 8, 0x87))
    colr = struct.pack(">BBBI", pick(r, 1, 2, 3), 0, 0, pick(r, r.choice([16, 17, 12, 12]), 0, 15, 18, 99))
    resolution = box(r, b"resc", struct.pack(">HHHHBB", 1, r.choice([0, 1]), 1, 1, 0, 0))
    inner = [box(r, b"ihdr", pick(r, size, size[:10])), box(r, b"colr", pick(r, colr, colr[:6])), *r.sample([box(r, b"pclr", pclr) + box(r, b"cmap", mapped), box(r, b"pclr", pclr), box(r, b"colr", colr), box(r, b"cmap", b"\0\0\1\0" * 3), box(r, b"res ", resolution), box(r, b"bpcc", b"\7")], k=r.randrange(4))]
    if r.random() < 0.1:
        r.shuffle(inner)
    outer = pick(r, [box(r, b"ftyp", pick(r, b"jp2 \0\0\0\0jp2 ", b"jpx ", b"jp"))], []) + [box(r, b"jp2h", b"".join(inner)), *([box(r, b"xml ", b"<a/>")] if r.random() < 0.1 else []), box(r, b"jp2c", out.getvalue())]
    return b"\0\0\0\x0cjP  \r\n\x87\n" + b"".join(outer)


def jpeg2000_markers(r):
    data = small(r, "JPEG2000", no_jp2=True)
    extra = pick(r, segment(0x64, b"\0\1text"), segment(0x57, b"a", r.choice([0, 1, 2, 999])), b"\xff\x57\0", b"\xff\x57", b"\xff", b"\xff\x64\0\1")
    size = 4 + int.from_bytes(data[4:6], "big")
    data = data[:4] + pick(r, data[4:6], b"\0\x25", b"\0\x26", b"\0\x29", b"\0") + data[6:size] + r.choice([b"", extra, extra * 2]) + data[size:]
    return data[: pick(r, len(data), size, size + 1, size + len(extra), 5, 30, 41, 42, 43)]


def gzip_head(r):
    """A member's head with every optional part; cut, or no head at all."""
    flags = r.choice([0, 2, 4, 8, 16, 30, r.randrange(256)])
    head = pick(r, b"\x1f\x8b", b"\x1f\x8c") + bytes([pick(r, 8, 7), flags]) + bytes(6)
    head += (struct.pack("<H", pick(r, 3, 60000)) + b"abc") * (flags >> 2 & 1) + b"name\0" * (flags >> 3 & 1) + b"comment\0" * (flags >> 4 & 1) + b"\1\2" * (flags >> 1 & 1)
    return head[: pick(r, len(head), r.randrange(len(head) + 1))]


def fits_head(*cards):
    return "".join(card.ljust(80) for card in cards if card).ljust(2880).encode()


def fits_tables(r):
    """A table that may hold a gzipped picture, of a head that may lack cards."""
    bits, width, height = pick(r, r.choice([8, 16, 32]), -32, -64, 9, "x"), pick(r, 5, 0, 1), pick(r, 3, 0, -1, "y")
    cards = ["XTENSION= 'BINTABLE'", f"BITPIX  = {pick(r, 8, 16, -8, 'x', 10**18)}", f"NAXIS   = {pick(r, 2, 0, 1, 'x')}", f"NAXIS1  = {pick(r, 8, 10**12, -1)}", f"NAXIS2  = {pick(r, 1, 10**12, 'x', 0)}"]
    cards += [f"ZIMAGE  = {pick(r, 'T', 'F')}", f"ZCMPTYPE= '{pick(r, 'GZIP_1  ', 'RICE_1  ', 'GZIP_1')}'", f"ZBITPIX = {bits}", f"ZNAXIS  = {pick(r, 2, 1, 0)}", f"ZNAXIS1 = {width}", f"ZNAXIS2 = {height}"]
    cards = [card for card in cards if r.random() > 0.02]
    def member(plain):
        pixels = zlib.compressobj(9, zlib.DEFLATED, -15)
        return pixels.compress(plain) + pixels.flush() + struct.pack("<II", zlib.crc32(plain) ^ pick(r, 0, 1), pick(r, len(plain), 1))

    packed = pick(r, member(bytes(pick(r, 60, 59, 0, 30, 90))), member(bytes(30)) + bytes(r.choice([0, 5])) + gzip_head(r) + member(bytes(30)), member(b"") + bytes(r.choice([0, 5])) + gzip_head(r) + member(bytes(60)))
    head = gzip_head(r)
    data = head[: r.randrange(len(head) + 1)] if r.random() < 0.1 else head + packed[: pick(r, len(packed), r.randrange(len(packed)))]
    first = fits_head(f"SIMPLE  = {pick(r, 'T', 'F', 'T / comment')}", "BITPIX  = 8", f"NAXIS   = {pick(r, 0, 1, 2)}", *(["NAXIS1  = 4"] if r.random() < 0.1 else []), pick(r, "END", ""))
    return first + fits_head(*cards, pick(r, "END", "")) + b"12345678" + data + (fits_head("XTENSION= 'IMAGE'", "END") if r.random() < 0.1 else b"")


def photo_cd(r):
    """PhotoCD is 768 by 512 always; the rows end early where the picture is cut."""
    head = bytes(2048) + pick(r, b"PCD_", b"PCD") .ljust(1538, b"\0") + bytes([r.randrange(256)])
    return pick(r, head.ljust(96 * 2048, b"\0") + bytes(pick(r, 256 * 2304, 256 * 2304 - 1, 2304 * 5 + 7, 0)), head[:-1], head, bytes(2048))


def tiff_value(order, kind, values):
    form = {1: "B", 2: "c", 3: "H", 4: "I", 6: "b", 7: "c", 8: "h", 9: "i", 11: "f", 12: "d", 13: "I", 16: "Q"}.get(kind, "I")
    low, high = {"B": (0, 255), "H": (0, 65535), "b": (-128, 127), "h": (-32768, 32767), "i": (-(2**31), 2**31 - 1), "I": (0, 2**32 - 1)}.get(form, (0, 2**64 - 1))
    if kind in (5, 10):
        return b"".join(struct.pack(order + "II", int(v) & 0xFFFFFFFF, 1) for v in values)
    return b"".join(bytes([int(v) & 255]) if form == "c" else struct.pack(order + form, v if form in "fd" else max(low, min(high, int(v)))) for v in values)


def tiff_file(order, big, pixels, tags):
    """Header, pixels, directory, and what has no room in it. tags: {tag: (type, values)}."""
    head = 16 if big else 8
    at = head + len(pixels)
    inner = 8 if big else 4
    behind = at + (16 if big else 6) + len(tags) * (20 if big else 12)
    directory, more = struct.pack(order + ("Q" if big else "H"), len(tags)), b""
    for tag, (kind, values) in sorted(tags.items()):
        data = tiff_value(order, kind, values)
        directory += struct.pack(order + ("HHQ" if big else "HHI"), tag, kind, len(values))
        directory += data.ljust(inner, b"\0") if len(data) <= inner else struct.pack(order + ("Q" if big else "I"), behind + len(more))
        more += data if len(data) > inner else b""
    first = (b"II" if order == "<" else b"MM") + (struct.pack(order + "HHHQ", 43, 8, 0, at) if big else struct.pack(order + "HI", 42, at))
    return first + pixels + directory + bytes(inner) + more


def tiff_parts(r):
    """Strips or tiles, in planes or not, in any order, of any layout, raw or compressed; tags of another type or value."""
    order, big, tiled = r.choice("<<>"), r.random() < 0.15, r.random() < 0.5
    width, height = r.choice([(5, 3), (20, 17), (16, 16), (33, 2)])
    photometric, samples, bits = r.choice([(0, 1, 1), (1, 1, 1), (1, 1, 8), (2, 3, 8), (2, 4, 8), (2, 3, 16), (5, 4, 8), (3, 1, 8), (3, 1, 4), (6, 3, 8), (6, 3, 8), (8, 3, 8), (1, 1, 16), (1, 1, 32), (1, 2, 8), (1, 1, 12), (6, 1, 8), (5, 4, 16), (3, 2, 8)])
    planar, compression = r.choice([1, 1, 2]), r.choice([1, 1, 8, 32946, 5, 50000])
    part_width, part_height = (16, 16) if tiled else (width, r.choice([1, 2, height, 100]))
    planes = samples if planar == 2 else 1
    size = (part_width * bits * samples // planes + 7) // 8 * part_height
    across, down = -(-width // part_width), -(-height // part_height)
    packed = zlib.compress(bytes(size)) if compression in (8, 32946) else bytes(size)
    parts = [packed] * min(planes * across * down, 300)
    head = 16 if big else 8
    offsets = [head + i * len(packed) for i in range(len(parts))]
    offsets = pick(r, offsets, offsets[::-1], r.sample(offsets, k=len(offsets)), [head] * len(offsets), offsets * 2, offsets + offsets[:1], offsets[:-1], [2**31] * len(offsets))
    tags = {256: (4, [width]), 257: (4, [height]), 258: (3, [bits] * samples), 259: (3, [compression]), 262: (3, [photometric]), 277: (3, [samples]), 284: (3, [planar])}
    tags.update({322: (4, [part_width]), 323: (4, [part_height]), 324: (4, offsets), 325: (4, [len(packed)] * len(offsets))} if tiled else {273: (4, offsets), 278: (4, [part_height]), 279: (4, [len(packed)] * len(offsets))})
    if photometric == 3:
        tags[320] = (3, [0] * (3 << min(bits, 8)))
    if (photometric, samples) in ((2, 4), (1, 2), (3, 2)):
        tags[338] = (3, [r.choice([0, 1, 2])])
    if photometric == 6 and r.random() < 0.5:
        tags[530] = (3, r.choice([[1, 1], [2, 2], [2, 1]]))
    for tag in r.sample(sorted(tags) + [338, 339, 266, 274, 282, 296, 0xBC01, 320, 322, 323], k=r.choice([0, 0, 0, 1, 1, 2])):
        kind, values = tags.get(tag, (3, [1]))
        tags[tag] = r.choice([(r.choice([1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 16]), values), (kind, [r.choice([0, 1, 2, 3, 5, 7, 8, 12, 16, 17, 65535, -1])] + values[1:]), (kind, values * 2), (kind, values[:-1] or [0]), (3, [0, 0]), (9, [-5]), (1, [0, 0])])
        if r.random() < 0.2:
            del tags[tag]
    if r.random() < 0.05:
        tags.update({282: (r.choice([2, 5, 7]), [72]), 283: (5, [72]), 296: (3, [3])})
    return tiff_file(order, big, b"".join(parts), tags)


def eps_lines(r):
    """PostScript, line by line: what Pillow asks of its comments."""
    title, bounds = pick(r, "%!PS-Adobe-3.0 EPSF-3.0", "%!PS", "%!PS-Adobe: x", "%!PS-Adobe"), [f"%%BoundingBox: {pick(r, '0 0 5 3', '0 0 5.9 3', '-1 0 5 1e3', '0 0 5', 'x 0 5 3', '(atend)', '0 0 1e300 3', '0 0 0x5 3', 'nan 0 5 3', '', '1 2 3 4 5', '5 3 0 0', '0 0 5 inf', '1_0 0 50 3')}"]
    body = ["%%EOF", "%%Trailer", "%%Trailer", "%%BoundingBox: 0 0 7 7", "%%BoundingBox: 0 0 7 7", "%%BeginBinary: 5", "%%BeginBinary: x", "%%BeginBinary: -1", "%%BeginBinary: 99999", "%%EndComments", "code", "a" * 300, "%" + "a" * 300, "%" + "a" * 254, "", "%%no colon", "%x", "%%%%: a"]
    body += [f"%ImageData: {data}" for data in ("5 3 8 3 0 1 1", "5 3 1 1", "5 3 8 1", "5 3 8 2", "5 3 8 4", "5 3 8 5", "5 3 8 0", "5 3 4 1", "5 3", "x 3 8 1", "5 -3 8 1", "0 0 1 9")]
    head = bounds + r.choices(["%%Title: a", "% no comment", "%%Pages", "%%PS-Adobe: a", "%!PS-Adobe-2", "%" + "c" * 254, "%" + "c" * 255, "%%BoundingBox: 0 0 9 9", "%%BoundingBox: (atend)", "%", "%!", "%%BoundingBox 0 0 5 3"], k=r.randrange(3))
    if r.random() < 0.3:
        r.shuffle(head)
    lines = [title, *head[: pick(r, len(head), 0)], *([pick(r, "%%EndComments", "%%EndComments" + "a" * 250, "x" * 254, "x" * 255, "x" * 300, "gsave")] if r.random() < 0.9 else []), *r.choices(body, k=r.randrange(6))]
    text = r.choice(["\n", "\r", "\r\n"]).join(lines) + pick(r, "\n", "")
    binary = b"\xc5\xd0\xd3\xc6" + struct.pack("<II", pick(r, 12, 30, 0, 2**32 - 1), len(text))
    return (binary[: pick(r, 12, 11, 4)] if r.random() < 0.15 else b"") + text.encode()


def dds_kinds(r):
    """Every kind of pixels, by flags, four letters or number."""
    flags = r.choice([0x40, 0x41, 0x20000, 0x20001, 0x20, 4, 4, 4, 4, 0, 0x60, 0x20020])
    letters = r.choice([b"DX10", b"DX10", b"DX10", b"DXT1", b"DXT3", b"DXT5", b"BC4U", b"ATI1", b"BC5S", b"BC5U", b"ATI2", b"DXT2", bytes(4)])
    number = r.choice([27, 28, 29, 30, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 80, 81, 82, 83, 84, 85, 94, 95, 96, 97, 98, 99, 100, 0])
    head = b"DDS " + struct.pack("<IIII", pick(r, 124, 123), 0x1007, 5, pick(r, 6, 0)) + bytes(56) + struct.pack("<II4sI", 32, flags, letters, r.choice([8, 16, 24, 32, 0, 7])) + struct.pack("<4I", 0xFF0000, 0xFF00, pick(r, 0xFF, 0), 0xFF000000) + bytes(20)
    more = struct.pack("<5I", number, 3, 0, 1, 0) if letters == b"DX10" and flags & 4 else b""
    return head + more[: pick(r, len(more), 3, 0)] + bytes(1024 if flags & 0x20 else 0) + bytes(r.choice([30, 60, 120, 64, 32, 31, 400, 3]))


def fli_part(r, width, height):
    def packets(step, most):
        out, n = b"", r.randrange(most)
        for _ in range(n):
            k = r.choice([0, 1, 2, 3])
            skip = pick(r, 0, 1, 2, 9)
            out += bytes([skip, 256 - k]) + bytes(step) if k and r.random() < 0.5 else bytes([skip, k]) + bytes(k * step)
        return n, out

    kind = r.choice([7, 7, 12, 12, 15, 15, 16, 13, 18, 4, 11, 9])
    if kind == 7:
        rows = [packets(2, 3) for _ in range(pick(r, 1, 2, height))]
        data = struct.pack("<H", pick(r, len(rows), len(rows) + 1)) + b"".join(r.choice([b"", b"", struct.pack("<H", pick(r, 0xFFFF, 0xFFFE, 0x8001, 0xC000))]) + struct.pack("<H", pick(r, n, n + 1)) + row for n, row in rows)
    elif kind == 12:
        rows = [packets(1, 3) for _ in range(pick(r, 1, 2, height))]
        data = struct.pack("<HH", pick(r, 0, 1, height), pick(r, len(rows), len(rows) + 1)) + b"".join(bytes([pick(r, n, n + 1)]) + row for n, row in rows)
    elif kind == 15:
        data = b"".join(b"\0" + pick(r, bytes([width, 7]), bytes([256 - width]) + bytes(width), b"\1a" * width, b"\0\0" + bytes([width, 7]), bytes([width + 1, 7])) for _ in range(height))
    elif kind in (4, 11):
        n = r.choice([0, 1, 2])
        data = struct.pack("<H", pick(r, n, n + 1)) + b"".join(bytes([pick(r, 1, 0, 255), pick(r, 2, 0, 1)]) + bytes([pick(r, 5, 63, 64, 255)]) * r.choice([6, 6, 6, 3, 5, 768]) for _ in range(n))
    else:
        data = bytes(width * height) if kind == 16 else b"abcd"
    data = data[: pick(r, len(data), r.randrange(len(data) + 1))]
    return struct.pack("<IH", max(0, pick(r, len(data) + 6, 0, 5, 6, len(data) + 7, 2**31)), kind) + data


def fli_frames(r):
    """Frames of parts; a prefix; sizes that do not fit."""
    width, height = r.choice([(8, 4), (3, 3), (1, 1), (6, 1)])
    parts = [fli_part(r, width, height) for _ in range(r.choice([1, 1, 2, 3]))]
    body = b"".join(parts)
    frame = struct.pack("<IHH8x", pick(r, len(body) + 16, 0, 3, 5, 16, len(body) + 15, len(body) + 17, 2 * len(body)), pick(r, 0xF1FA, 0xF1FB, 0xF100), pick(r, len(parts), 0, len(parts) + 1)) + body
    head = struct.pack("<IHHHHHHI", 128, 0xAF12, pick(r, 1, 0, 2), width, height, 8, 3, 5).ljust(128, b"\0")
    prefix = struct.pack("<IH10x", pick(r, 16, 6, 0, 400), 0xF100) if r.random() < 0.1 else b""
    return head + prefix + frame + r.choice([b"", b"", bytes(9), frame])


def gif_codes(r):
    """LZW code by code: clear, end, and codes that cannot be; extensions and palettes, whole or cut."""
    least, codes, width = pick(r, 2, 1, 3, 8, 12, 13, 0), [], 3
    data, n_bits, next_code, bits = 0, 0, 0, 0
    clear = 1 << least
    for _ in range(r.choice([3, 10, 30, 30, 200])):
        codes.append(pick(r, r.randrange(max(1, min(clear, 8))), clear, clear + 1, clear + 2, next_code or 1, 4095))
    next_code, bits = clear + 2, least + 1
    for code in [clear] * r.choice([1, 1, 0]) + codes:
        data |= (code & ((1 << bits) - 1)) << n_bits
        n_bits += bits
        next_code, bits = (clear + 2, least + 1) if code == clear else (next_code + 1, bits + (next_code + 1 == 1 << bits and bits < 12))
    raw = data.to_bytes((n_bits + 7) // 8 + 1, "little")
    step = r.choice([255, 5, 1])
    blocks = b"".join(bytes([len(raw[i : i + step])]) + raw[i : i + step] for i in range(0, len(raw), step)) + pick(r, b"\0", b"", b"\0;")
    gray = bytes(v for i in range(4) for v in (i, i, i))
    extensions = [b"!\xf9\4\1\0\0\0\0", b"!\xf9\3\0\0\0\0", b"!\xf9\2\1\0\0", b"!\xf9\1\0\0", b"!\xfe\5hello\0", b"!\xfe\0", b"!\xff\x0bNETSCAPE2.0\3\1\0\0\0", b"!\xff\x0bNETSCAPE2.0\0\0", b"!\xff\x0bOTHER  2.0 \0", b"!\x01\0", b"!", b"x"]
    body = b"".join(r.choices(extensions, k=r.choice([0, 0, 1, 2]))) + pick(r, b",", b";", b"")
    flags = pick(r, 0x81, 0)
    local = pick(r, 0, 0x81, 0x40)
    frame = struct.pack("<HHHHB", pick(r, 0, 2), 0, pick(r, width, 0, 65535), pick(r, r.choice([1, 3, 10]), 0), local) + (gray if local & 0x80 else b"") + bytes([least]) + blocks
    whole = r.choice([b"GIF87a", b"GIF89a"]) + struct.pack("<HHBBB", pick(r, 3, 0), 2, flags, 0, 0) + (gray if flags & 0x80 else b"") + body + frame
    return whole[: pick(r, len(whole), r.randrange(len(whole)), 6, 12, 14, 17)]


def spider_numbers(r):
    """A header of floating point numbers, of either byte order."""
    numbers = [0.0] * 27
    for at, value in ((1, pick(r, 1.0, 2.0)), (2, pick(r, 3.0, 0.0, 1e30, 2.5)), (5, pick(r, 1.0, 3.0, -11.0, -12.0, -21.0, -22.0, 2.0)), (12, pick(r, 5.0, 1e30, -5.0)), (13, pick(r, 52.0, 51.0)), (22, 1040.0), (23, pick(r, 20.0, 21.0, float("inf"))),
                      (24, pick(r, 0.0, 1.0, 2.0, -1.0, float("nan"), float("inf"))), (26, pick(r, 0.0, 2.0, float("inf"), float("nan"))), (27, pick(r, 0.0, 1.0, -1.0, float("nan"), 0.5))):
        numbers[at - 1] = value
    head = struct.pack(r.choice("<>") + "27f", *numbers)
    return head.ljust(pick(r, 1040, 2080, 100), b"\0") + bytes(pick(r, 60, 59, 1100, 2000))


def iptc_fields(r):
    """Fields with sizes of every kind; the picture may be a PGM's rows or a JPEG, in pieces."""
    def field(key, data):
        size = struct.pack(">H", len(data)) if r.random() < 0.9 else bytes([128 + 4]) + struct.pack(">I", len(data))
        size = pick(r, size, b"\x81" + bytes([len(data) % 256]), b"\x80", b"\x85abcd", b"")
        return pick(r, b"\x1c", b"\x1b") + bytes(key) + size + data

    jpeg = r.random() < 0.4
    picture = small(r, "JPEG") if jpeg else bytes(pick(r, 15, 14, 0, 16))
    fields = [((3, 20), pick(r, b"\0\5", b"\5", b"\0\0\0\5", b"")), ((3, 30), pick(r, b"\0\3", b"")), ((3, 60), r.choice([b"\1\0", b"\3\1", b"\4\1", pick(r, b"\1\1", b"\1", b"", b"\2\1")])), ((3, 120), pick(r, b"\5" if jpeg else b"\1", b"\5", b"\1", b"\2", b""))]
    fields += [((3, 65), pick(r, b"\2", b"\0", b"", b"\5", b"\4"))] * r.choice([0, 0, 1, 1, 2]) + [((2, 5), b"title")] * r.randrange(2)
    fields = [f for f in fields + ([r.choice(fields)] if r.random() < 0.05 else []) if r.random() > 0.02]
    head = b"".join(b"\x1c" + bytes(key) + struct.pack(">H", len(data)) + data if r.random() < 0.95 else field(key, data) for key, data in fields)
    half = len(picture) // 2
    pieces = field((8, 10), picture) if r.random() < 0.7 else field((8, 10), picture[:half]) + field((8, 10), picture[half:])
    return head + pieces + r.choice([b"", b"\x1c\x09\x0a\0\1a", bytes(5), b"\x1c", b"junk!"])


def png_frames(r):
    """Chunks that are numbered, and modes of every depth; a frame may lie anywhere, data may be in pieces, or missing."""
    def chunk(kind, data):
        return struct.pack(">I", pick(r, len(data), len(data) + 1)) + kind + data + struct.pack(">I", pick(r, zlib.crc32(kind + data), 0))

    color, depth = pick(r, r.choice([(0, 1), (0, 2), (0, 4), (0, 8), (0, 16), (2, 8), (2, 16), (3, 1), (3, 2), (3, 4), (3, 8), (4, 8), (4, 16), (6, 8), (6, 16)]), (1, 8), (5, 8), (7, 8), (3, 16), (0, 3))
    width, height, bits = 5, 3, {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}.get(color, 1) * depth
    rows = b"".join(bytes([pick(r, r.randrange(5), 5, 255)]) + bytes((width * bits + 7) // 8) for _ in range(height)) + pick(r, b"", b"more")
    packed = zlib.compress(rows, r.choice([0, 9]))
    packed = pick(r, packed, packed[:-4], packed[:-5], packed[:4], b"", packed[:-4] + b"abcd")
    half = r.choice([0, 5, len(packed)])
    animated, number = r.random() < 0.5, 0
    body = [chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, pick(r, 0, 1), pick(r, 0, 1)))] + ([chunk(b"PLTE", bytes(9))] if color == 3 else [])
    if r.random() < 0.2:
        body.append(chunk(b"tRNS", r.choice([bytes(2), bytes(6), bytes(257), bytes(300), b"\xff\0\xff", b"\0"])))
    if animated:
        body.append(chunk(b"acTL", struct.pack(">II", pick(r, 2, 0, 1), 0)))
        body.append(chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, pick(r, width, 0, 6), pick(r, height, 0), pick(r, 0, 1), 0, 1, 10, 0, 0)))
    name = r.choice([b"IDAT", b"IDAT", b"fdAT"]) if animated else b"IDAT"
    for piece in (packed[:half], packed[half:]):
        number += name == b"fdAT"
        body.append(chunk(name, (struct.pack(">I", pick(r, number, 0, 9)) if name == b"fdAT" else b"") + piece))
    after = [chunk(kind, data) for kind, data in ((b"fcTL", struct.pack(">IIIIIHHBB", number + 1, width, height, 0, 0, 1, 10, 0, 0)), (b"fdAT", struct.pack(">I", number + 2) + packed), (b"tEXt", b"a\0b"), (b"zTXt", b"a\0\1"), (b"fdAT", b"a"), (b"DDAT", packed), (b"iCCP", b"a\0\0" + zlib.compress(bytes(3))), (b"pHYs", b"a"))]
    body += r.sample(after, k=r.choice([0, 0, 1, 2, 3]))
    if r.random() < 0.1:
        r.shuffle(body)
    return b"\x89PNG\r\n\x1a\n" + b"".join(body) + pick(r, chunk(b"IEND", b""), b"")


def blp_parts(r):
    """Blizzard's textures: a JPEG whose head stands apart, palettes, blocks."""
    version, compression = r.choice([1, 1, 2]), r.choice([0, 0, 1])
    jpeg = small(r, "JPEG")
    at = r.choice([0, 20, jpeg.index(b"\xff\xc4")])
    head, body = jpeg[:at], pick(r, jpeg[at:], b"", b"junk")
    if r.random() < 0.1:
        head, body = head[:2] + b"\xff\xe0\xff\xff", b"abc"
    fields = struct.pack("<ii", compression, pick(r, 0, 1, 8)) if version == 1 else struct.pack("<ibbbb", pick(r, 1, 0, 2), pick(r, 2, 1, 3), pick(r, 0, 1, 8), pick(r, r.choice([0, 1, 7]), 2), 0)
    fields += struct.pack("<II", pick(r, 1, 9, 4, 0), pick(r, 3, 4)) + (struct.pack("<ii", pick(r, 5, 4, 3), 0) if version == 1 else b"")
    begin = 4 + len(fields) + 128 + 4 + len(head)
    if compression or version == 2:
        begin = 4 + len(fields) + 128 + 1024
    tables = struct.pack("<16I", pick(r, begin, begin + 3, 0, 5000), *[0] * 15) + struct.pack("<16I", pick(r, len(body) if not compression else 12, 0, 3, 5000), *[0] * 15)
    behind = struct.pack("<I", pick(r, len(head), 60000)) + head + body if version == 1 and not compression else bytes(1024) + bytes(pick(r, 64, 12, 3, 0))
    data = b"BLP%d" % version + fields + tables + behind
    return data[: pick(r, len(data), r.randrange(len(data) + 1), 4 + len(fields) + r.randrange(130))]


def pcx_runs(r):
    """Rows by runs, of 1 to 3 planes; alone or as the first of several."""
    bits, planes, width, height = pick(r, r.choice([(8, 1), (8, 3), (1, 1), (1, 3), (2, 1), (4, 1), (1, 4)]), (8, 2), (3, 1)) + (r.choice([1, 5, 9]), 2)
    stride = pick(r, (width * bits + 7) // 8 + (width * bits + 7) // 8 % 2, 1, 0, 2, 1000)
    data = b"".join(r.choice([bytes([0xC0 | min(63, n), 7]), bytes([1]) * n, b"\xc0\0", b"\xff\1", b"\xc1"]) for n in [max(1, stride % 64)] * (height * planes + r.randrange(-2, 3)))
    head = struct.pack("<BBBBHHHHHH", 10, pick(r, 5, 0, 2, 3), 1, bits, 0, 0, width - 1, height - 1, 72, 72) + bytes(48) + struct.pack("<BBHH", 0, planes, stride, pick(r, 1, 2)) + bytes(58)
    picture = head + data + (pick(r, b"\x0c", b"\0", b"") + bytes(768) if bits == 8 and planes == 1 else b"")
    offsets = r.choice([[12], [16, 16], [], [5000]])
    table = b"\xb1\x68\xde\x3a" + struct.pack("<%dI" % (len(offsets) + 1), *offsets, 0)
    return table[: pick(r, len(table), 4, 6, 8)] + picture if r.random() < 0.2 else picture[: pick(r, len(picture), r.randrange(len(picture)), 128, 127)]


def xbm_text(r):
    lines = [pick(r, "#define a_width 5", "#define a_width x", "#define a_width ", "#define width 0x5", "#define a_width 5_0"), pick(r, "#define a_height 3", "#define height 3", "#define a_height -3", "#define a_height 0"), *r.choices(["/* a */", "/* begins", "ends */", "", "#define a_x_hot 1", "#define a_y_hot y", "#define " + "a" * 80 + " 7"], k=r.choice([0, 0, 1, 2]))]
    if r.random() < 0.2:
        r.shuffle(lines)
    bits = ",".join(pick(r, f"0x{i:02x}", f"0X{i:02X}", "0xg1", "5", "0x", "x", "0x1") for i in range(pick(r, 3, 2, 4, 0)))
    return r.choice(["", "", "\n", "/* first */\n"]).encode() + "\n".join(lines + [pick(r, "static char a_bits[] = {", "static unsigned char a_bits[] = {", "static char a_bits[] = { ", "a_bits[]", "")] + [bits + pick(r, "};", "", "}")]).encode()


def xpm_text(r):
    """Colours of every name, keys of every size."""
    n, size, width, height = pick(r, 2, 0, 1, 257, -1), pick(r, 1, 2, 0, 3), pick(r, 3, 0), 2
    keys = [f"{i:{size}x}"[-size:] if size else "" for i in range(n)]
    colors = [f'"{key} {pick(r, "c", "m", "c m", "g")} {pick(r, "#ff0000", "None", "none", "#fff", "red", "#ff00", "#gggggg", "", "rgb(1,2,3)", "hsl(0,0%,0%)", "#ffff00000000", "Grey50", "gray101")}"{pick(r, ",", "")}' for key in keys]
    rows = ['"' + "".join(r.choices(keys, k=width)) + pick(r, '",', '"', "", '" "x') if keys else '"",' for _ in range(pick(r, height, 1, 3))]
    head = f'"{width} {height} {n} {size}{pick(r, "", " 0 0", " XPMEXT", " x")}",'
    lines = [pick(r, "/* XPM */", "/* XPM */ more", "/* XPM"), pick(r, "static char *x[] = {", ""), pick(r, "/* columns */", ""), head, *colors[: pick(r, len(colors), 0, 1)], *([r.choice(["/* pixels */", "/* pixels */", "/* other */"])] if r.random() < 0.3 else []), *rows, "};"]
    return pick(r, "\n", "\r\n").join(lines).encode()


def psd_parts(r):
    """Layers, resources and palettes of any size; rows by runs or plain."""
    mode, bits, channels = pick(r, r.choice([(0, 1, 1), (1, 8, 1), (2, 8, 1), (3, 8, 3), (3, 8, 4), (4, 8, 4), (7, 8, 3), (8, 8, 1), (9, 8, 3)]), (3, 16, 3), (3, 8, 2), (5, 8, 1), (4, 8, 5))
    width, height = pick(r, 5, 0, 1), pick(r, 3, 0, 1)
    blocks = [b"8BIM" + struct.pack(">HB", 1005, 0) + b"\0" + struct.pack(">I", 3) + b"abc\0", b"8BIM\4\x0f\3abc" + struct.pack(">I", pick(r, 2, 99)) + b"ab", b"8BIM\4", b"8BIM\4\x0f", b"8BIM\4\x0f\4ab", b"MeSa\0\1\0\0\0\0\0\0"]
    resources, layers = b"".join(r.choices(blocks, k=r.choice([0, 0, 1, 2]))), pick(r, b"", bytes(4), struct.pack(">Ih", 2, 0), struct.pack(">Ih", 20, 1) + bytes(18), bytes(60), b"\0\0")
    sections = b"".join(struct.pack(">I", pick(r, len(part), len(part) + 1, 0)) + part for part in (bytes(pick(r, 768, 0, 767)) if mode == 2 else b"", resources, layers))
    row = (width * bits + 7) // 8
    rows = [pick(r, bytes([257 - row, 7]) if 2 <= row <= 128 else bytes([row - 1 & 127]) + bytes(row), b"\x80", b"\5ab", b"") for _ in range(height * channels)]
    data = r.choice([b"\0\0" + bytes(row * height * channels), b"\0\1" + b"".join(struct.pack(">H", len(part)) for part in rows) + b"".join(rows), pick(r, b"\0\0", b"\0\2", b"\0\1\0", b"\0")])
    whole = b"8BPS" + struct.pack(">H6xHIIHH", pick(r, 1, 2), channels, height, width, bits, mode) + sections + data
    return whole[: pick(r, len(whole), r.randrange(len(whole)))]


def webp_chunks(r):
    """A container whose frames may be broken behind their heads."""
    data = small(r, "WEBP", lossless=r.random() < 0.5)
    kind, body = data[12:16], data[20:]
    body = pick(r, body, body[:10] + bytes(len(body) - 10), body[:-3] + b"abc", body[:20])
    frame = kind + struct.pack("<I", pick(r, len(body), len(body) + 4)) + body + b"\0" * (len(body) % 2)
    if r.random() < 0.6:
        flags, side = pick(r, 0, 2, 16), struct.pack("<I", pick(r, 8, 0))[:3] + struct.pack("<I", 2)[:3]
        frame = (b"VP8X" + struct.pack("<IB3x", 10, flags) + side + (b"ANIM" + struct.pack("<IIH", 6, 0, 0) if flags & 2 else b"") + b"ANMF" * (flags & 2 > 0) + (struct.pack("<I", 16 + len(frame)) + bytes(6) + side + bytes(4) if flags & 2 else b"") + pick(r, frame, b""))
    return b"RIFF" + struct.pack("<I", 4 + len(frame)) + b"WEBP" + frame


def icon_entries(r):
    """Icons and cursors: the largest is taken, as a bitmap with its mask or as a PNG."""
    def bitmap():
        bits, width, height = r.choice([1, 4, 8, 24, 32, 16]), r.choice([5, 8, 32]), 3
        row = (width * bits + 31) // 32 * 4
        head = struct.pack("<IiiHHIIiiII", pick(r, 40, 12, 0), pick(r, width, 0), pick(r, 2 * height, height, 0), 1, bits, pick(r, 0, 1), 0, 0, 0, 0, 0)
        return head + bytes(4 << bits if bits <= 8 else 0) + bytes(row * height) + bytes(pick(r, (width + 31) // 32 * 4 * height, 1, 0))

    parts = [pick(r, bitmap(), small(r, "PNG"), b"\x89PNG\r\n\x1a\n", b"junk") for _ in range(pick(r, 1, 2, 3, 0))]
    at, entries = 6 + 16 * len(parts), b""
    for part in parts:
        entries += struct.pack("<BBBBHHII", r.choice([0, 5, 8, 16]), r.choice([0, 3, 8]), r.choice([0, 2]), 0, r.choice([0, 1]), r.choice([0, 1, 8, 32]), pick(r, len(part), 0, 2**31), pick(r, at, 0, 2**31))
        at += len(part)
    data = struct.pack("<HHH", 0, r.choice([1, 2]), pick(r, len(parts), 0, len(parts) + 1)) + entries + b"".join(parts)
    return data[: pick(r, len(data), 6, 8, 22, 23, 24, r.randrange(len(data)))]


def icns_parts(r):
    """Icons as files within: PNG, JPEG 2000, neither; of another size or mode than their names say."""
    def inner(side):
        out = io.BytesIO()
        kind, mode = r.choice([("PNG", r.choice(["RGBA", "RGB", "L", "P", "1", "LA", "I;16"])), ("JPEG2000", r.choice(["RGBA", "RGB", "L"]))])
        Image.new(mode, (pick(r, side, 5), pick(r, side, 5))).save(out, kind, **({"no_jp2": r.random() < 0.5} if kind == "JPEG2000" else {}))
        return pick(r, out.getvalue(), out.getvalue()[:60], b"\x89PNG\r\n\x1a\n", b"\xff\x4f\xff\x51", b"\xff\x4f\xff\x51\0\1", b"\r\n\x87\n", b"junk")

    blocks = []
    for _ in range(r.choice([1, 1, 2])):
        kind, side = r.choice([(b"icp4", 16), (b"icp5", 32), (b"ic11", 32), (b"icp6", 64), (b"is32", 16), (b"s8mk", 16), (b"TOC ", 16)])
        data = inner(side) if kind.startswith(b"ic") else bytes(pick(r, side * side * (3 if kind == b"is32" else 1), 5))
        blocks.append(kind + struct.pack(">I", pick(r, len(data) + 8, 8, 7, 0, 2**31)) + data)
    body = b"".join(blocks)
    return b"icns" + struct.pack(">I", pick(r, len(body) + 8, 8, 2**31, len(body) + 20)) + body


def ppm_text(r):
    kind = r.choice(["P1", "P2", "P3", "P4", "P5", "P6", "Pf", "PyP", "PyRGBA", "PyCMYK", "P0CMYK"])
    numbers = [pick(r, "5", "0", "-5", "5_0", "0x5", "x", "12345678901", "1" * 12, "# a comment\n5", "5#\r"), pick(r, "3", "0"), *([pick(r, r.choice(["1", "255", "1000", "65535"]), "0", "65536", "-1", "x")] if kind not in ("P1", "P4", "Pf") else []), *([pick(r, "1.0", "-1", "1_0.5", "0", "nan", "inf", "0x1", "x", "1e3", "1(")] if kind == "Pf" else [])]
    head = kind + pick(r, "\n", " # c\n", "\t", "") + pick(r, " ", "\n", "  ").join(numbers) + pick(r, "\n", " ", "")
    plain = pick(r, r.choice([" ", "\n"]), "", "#c\n").join(pick(r, str(r.randrange(2)), "255", "-1", "x", "70000", "1" * 11, "\xff", "#c\r", "1#c\n1", "+1", "") for _ in range(pick(r, 45, 15, 14)))
    return (head + plain).encode("latin-1") if kind in ("P1", "P2", "P3") else head.encode() + bytes(r.choice([3, 15, 30, 45, 60, 90]))


def tga_kinds(r):
    """Every kind and depth, by runs or plain, with palettes of every depth."""
    kind, depth = pick(r, r.choice([(1, 8), (2, 16), (2, 24), (2, 32), (3, 1), (3, 8), (3, 16)]), (1, 16), (3, 24), (2, 8), (0, 8), (4, 8))
    kind |= r.choice([0, 8])
    colors = kind & 7 == 1 or r.random() < 0.1
    entry = pick(r, r.choice([16, 24, 32]), 8, 15)
    head = struct.pack("<BBBHHBHHHHBB", pick(r, 0, 3), pick(r, int(colors), 0, 1, 2), kind, pick(r, 0, 2), pick(r, 4, 0, 300), entry, 0, 0, pick(r, 5, 0), pick(r, 3, 0), depth, r.choice([0, 0x10, 0x20, 0x30]))
    size = (depth + 7) // 8
    runs = b"".join(r.choice([bytes([0x80 | n - 1]) + bytes(size), bytes([n - 1]) + bytes(n * size)]) for n in [pick(r, 5, 1, 4, 128)] * 4)
    return head + bytes(4 * ((entry + 7) // 8) * colors) + (runs if kind & 8 else bytes(pick(r, 15 * size, 15 * size - 1, 3)))


def meta_files(r):
    """Windows' metafiles, with or without the placeable head; grids and tables by name."""
    wmf = b"\xd7\xcd\xc6\x9a\0\0" + struct.pack("<4hH6x", pick(r, 0, -5), 0, pick(r, 99, -99), 99, pick(r, 72, 0)) + pick(r, b"\1\0\x09\0", b"\1\0\x08\0")
    emf = struct.pack("<10i", 1, 88, 0, 0, pick(r, 9, 0), 9, 0, 0, pick(r, 99, 0), 99) + pick(r, b" EMF", b" EMX")
    data = r.choice([wmf, emf, b"BUFR", b"ZCZC", b"GRIB\0\0\0" + pick(r, b"\1", b"\2"), b"\x89HDF\r\n\x1a\n"]).ljust(pick(r, 50, 4), b"\0")
    return data[: pick(r, len(data), 8, 21, 25, 43, 3)]


FIELDS = {
    "IM_HEADER": im_header, "IMT_HEADER": imt_header, "JPEG_SEGMENTS": jpeg_segments, "JPEG2000_BOXES": jpeg2000_boxes, "JPEG2000_MARKERS": jpeg2000_markers, "FITS_TABLES": fits_tables,
    "PHOTO_CD": photo_cd, "TIFF_PARTS": tiff_parts, "EPS_LINES": eps_lines, "DDS_KINDS": dds_kinds, "FLI_FRAMES": fli_frames, "GIF_CODES": gif_codes, "SPIDER_NUMBERS": spider_numbers, "IPTC_FIELDS": iptc_fields,
    "PNG_FRAMES": png_frames, "BLP_PARTS": blp_parts, "PCX_RUNS": pcx_runs, "XBM_TEXT": xbm_text, "XPM_TEXT": xpm_text, "PSD_PARTS": psd_parts, "WEBP_CHUNKS": webp_chunks, "ICON_ENTRIES": icon_entries,
    "ICNS_PARTS": icns_parts, "PPM_TEXT": ppm_text, "TGA_KINDS": tga_kinds, "META_FILES": meta_files,
}
