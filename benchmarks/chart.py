# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plain charts: panels of dots and lines over named places, drawn with Pillow alone."""

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

# Values of each line by the place on the horizontal axis at which they stand.
Lines = dict[str, dict[str, float]]
COLORS = ("#1f6fb4", "#d1722b", "#4c9a3f", "#9b4fa5")
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 620, 420, 70, 20, 64, 100
LARGE, SMALL = (ImageFont.load_default(size) for size in (18, 14))


def draw_panels(path: Path, panels: list[tuple[str, Lines]]) -> None:
    """Write a picture of panels (title, lines), two in a row; values start at zero."""
    rows = (len(panels) + 1) // 2
    picture = Image.new("RGB", (2 * WIDTH, rows * HEIGHT), "white")
    for number, (title, lines) in enumerate(panels):
        tile = Image.new("RGB", (WIDTH, HEIGHT), "white")
        draw_panel(ImageDraw.Draw(tile), tile, title, lines)
        picture.paste(tile, (number % 2 * WIDTH, number // 2 * HEIGHT))
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, optimize=True)


def draw_panel(draw: ImageDraw.ImageDraw, tile: Image.Image, title: str, lines: Lines) -> None:
    """One panel: axes, grid lines, a colour for each line, names below."""
    draw.text((LEFT, 10), title, "black", LARGE)
    places = ordered_places(lines)
    top = nice_top(max(value for line in lines.values() for value in line.values()))

    def position(place: str, value: float) -> tuple[float, float]:
        share = (places.index(place) + 0.5) / len(places)
        across = LEFT + share * (WIDTH - LEFT - RIGHT)
        return across, HEIGHT - BOTTOM - value / top * (HEIGHT - TOP - BOTTOM)

    for step in range(5):
        value = top * step / 4
        y = position(places[0], value)[1]
        draw.line((LEFT, y, WIDTH - RIGHT, y), "#dddddd")
        draw.text((LEFT - 8, y), f"{value:.4g}", "black", SMALL, anchor="rm")
    for place in places:
        write_slanted(tile, place, position(place, 0.0))
    for number, (name, line) in enumerate(lines.items()):
        color = COLORS[number % len(COLORS)]
        points = [position(place, value) for place, value in line.items()]
        if all(place.isdigit() for place in places):
            draw.line(points, color, 2)
        for x, y in points:
            draw.ellipse((x - 5, y - 5, x + 5, y + 5), color)
        at = LEFT + 150 * number
        draw.ellipse((at, 42, at + 10, 52), color)
        draw.text((at + 16, 47), name, "black", SMALL, anchor="lm")


def ordered_places(lines: Lines) -> list[str]:
    """All places in the order of the first line; numbers by their value."""
    places = list(dict.fromkeys(place for line in lines.values() for place in line))
    return sorted(places, key=int) if all(place.isdigit() for place in places) else places


def nice_top(largest: float) -> float:
    """The least of 1, 1.5, 2, 3, 4, 5, 8 or 10 times a power of ten that is no smaller."""
    power = 1.0
    while power > largest:
        power /= 10.0
    while power * 10.0 <= largest:
        power *= 10.0
    return next(power * step for step in (1, 1.5, 2, 3, 4, 5, 8, 10) if power * step >= largest)


def write_slanted(tile: Image.Image, text: str, where: tuple[float, float]) -> None:
    """Write text that ends below a point of the axis and rises towards it."""
    box = SMALL.getbbox(text)
    label = Image.new("L", (int(box[2]) + 2, int(box[3]) + 4), 0)
    ImageDraw.Draw(label).text((0, 0), text, 255, SMALL)
    turned = label.rotate(35, expand=True)
    corner = (int(where[0]) - turned.width + 6, int(where[1]) + 6)
    tile.paste("black", corner, turned)
