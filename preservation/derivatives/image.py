"""Make JPEGs of images: thumbnail, access copy, pages (in the child).

Runs only inside the limited child process. Orientation is applied, colours
become sRGB, and no tag of the original goes along (case D33 of reliability).
"""

import io
import os
from pathlib import Path

from PIL import Image

from preservation.derivatives.pixels import IMAGE_ERRORS, TooManyPixels, check_size, open_image, shrink

QUALITY = 85


def save_jpeg(image: Image.Image, target: str) -> dict[str, object]:
    """Write a JPEG beside target, move it there, and return its row."""
    clean = image if image.mode in ("L", "RGB") else image.convert("RGB")
    content = io.BytesIO()  # Pillow, given a file, takes a write cut short by a full disk for a success
    clean.save(content, "JPEG", quality=QUALITY, optimize=True)
    save_bytes(content.getvalue(), target)
    return {"path": target, "width": clean.width, "height": clean.height, "size": content.tell()}


def save_bytes(content: bytes, target: str) -> None:
    """Make content stand at target, whole or not at all. Raises OSError."""
    part = Path(f"{target}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        os.replace(part, target)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def make_jpeg(path: str, target: str, side: int) -> dict[str, object]:
    """Return the row of one JPEG of the first frame, at most side pixels long."""
    try:
        with open_image(Path(path)) as image:
            small = shrink(image, side)
    except TooManyPixels:
        return {"state": "too_large"}
    except IMAGE_ERRORS as failure:
        return {"state": "unreadable", "detail": f"{type(failure).__name__}: {failure}"[:300]}
    return {"made": [save_jpeg(small, target)]}


def make_frames(path: str, targets: list[str], side: int, first: int) -> dict[str, object]:
    """Return the rows of the frames first, first + 1 ... and how many there are."""
    made: list[dict[str, object]] = []
    frames = 0
    try:
        with open_image(Path(path)) as image:
            frames = getattr(image, "n_frames", 1)
            for offset, target in enumerate(targets[: max(0, frames - first + 1)]):
                image.seek(first - 1 + offset)
                check_size(image)
                small = shrink(image, side)
                made.append({**save_jpeg(small, target), "number": first + offset})
    except TooManyPixels:
        return {"state": "too_large", "made": made, "pages": frames}
    except IMAGE_ERRORS as failure:
        detail = f"{type(failure).__name__}: {failure}"[:300]
        return {"state": "unreadable", "detail": detail, "made": made, "pages": frames}
    return {"made": made, "pages": frames}


TASKS = {"image.jpeg": make_jpeg, "image.frames": make_frames}
