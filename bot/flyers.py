"""Pictures that agencies attach to their letters: read, turned upright, made small, and rid of what a camera notes."""

from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

# As its form says it; the form as a whole has to fit into guard.LARGEST_UPLOAD.
LARGEST_FILE = 5 * 1024 * 1024
# A phone's photo has 12 million; so many take 75 MB while they are read.
MOST_PIXELS = 25_000_000
# As wide as a phone shows at its sharpest; LINE wants a preview of no more than 1 MB.
WIDEST, LARGEST = 1040, 1024 * 1024
# Telegram takes pictures of up to 20 times as long as they are wide; longer than this none can be read.
LONGEST = 5
QUALITY = 85
WHITE = "#fff"


class WrongFlyer(ValueError):
    """A file that is no picture for a letter.

    `why` is "big" (the file), "form" (neither JPEG nor PNG), "pixels" (too many), "thin" (much longer than wide, or
    wider than long), "broken", or "heavy" (still when it is small).
    """

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Made:
    """A picture as it is kept and sent; width and height in px."""

    data: bytes
    media_type: str
    width: int
    height: int


def make(content: bytes) -> Made:
    """The picture in a file, as it is kept and sent; slow. Raises WrongFlyer."""
    if len(content) > LARGEST_FILE:
        raise WrongFlyer("big")
    try:
        return _made(content)
    except WrongFlyer:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise WrongFlyer("pixels") from error
    except UnidentifiedImageError as error:
        raise WrongFlyer("form") from error
    except Exception as error:
        # Of a broken file Pillow raises whatever its decoders come upon.
        raise WrongFlyer("broken") from error


def _made(content: bytes) -> Made:
    # Only the header is read here, and by no decoder but these two.
    with Image.open(BytesIO(content), formats=("JPEG", "PNG")) as image:
        width, height = image.size
        if width * height > MOST_PIXELS:
            raise WrongFlyer("pixels")
        if max(width, height) > LONGEST * min(width, height):
            raise WrongFlyer("thin")
        lossless = image.format == "PNG"
        # A large JPEG is read at a half or a quarter of its size.
        image.draft(None, (2 * WIDEST, 2 * WIDEST))
        upright = _plain(ImageOps.exif_transpose(image))
    if upright.width > WIDEST:
        fitting = (WIDEST, round(upright.height * WIDEST / upright.width))
        upright = upright.resize(fitting, Image.Resampling.LANCZOS)
    # A photo that was saved as PNG is many times as large as it need be.
    for kind in ("PNG", "JPEG") if lossless else ("JPEG",):
        data = _saved(upright, kind)
        if len(data) <= LARGEST:
            return Made(data, f"image/{kind.lower()}", *upright.size)
    raise WrongFlyer("heavy")


def _plain(image: Image.Image) -> Image.Image:
    """The picture in the colours of the web, on white: a dark chat would show through it."""
    if image.has_transparency_data:
        over = image.convert("RGBA")
        white = Image.new("RGBA", over.size, WHITE)
        return Image.alpha_composite(white, over).convert("RGB")
    if profile := image.info.get("icc_profile"):
        try:
            found = ImageCms.ImageCmsProfile(BytesIO(profile))
            changed = ImageCms.profileToProfile(image, found, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError):
            # A broken profile, or one of other colours: shown as if there were none.
            return image.convert("RGB")
        return changed or image.convert("RGB")
    return image.convert("RGB")


def _saved(image: Image.Image, kind: str) -> bytes:
    # Of itself alone: whatever else was in the file stands in `info`, and Pillow would write some of it again.
    bare = Image.new("RGB", image.size)
    bare.paste(image)
    file = BytesIO()
    bare.save(file, kind, optimize=True, **({"quality": QUALITY} if kind == "JPEG" else {}))
    return file.getvalue()
