"""How people looked from 1912 on: hair and clothes by year.

A look is chosen by year and role with seeded dice. Rows of `ERAS` follow what such class
photographs usually show.
"""

from dataclasses import dataclass
from random import Random

from repository.demo.draw_pen import Colour

SKINS: tuple[Colour, ...] = ((236, 202, 170), (228, 190, 156), (240, 210, 180), (220, 180, 146))
BLACK: Colour = (34, 30, 30)


@dataclass(frozen=True, slots=True)
class Look:
    """How one person looks: hair, clothes, colours, and whether glasses or a red scarf are worn."""

    female: bool
    hair: str
    dress: str
    cloth: Colour
    trousers: Colour
    skin: Colour
    hair_colour: Colour = BLACK
    glasses: bool = False
    scarf: bool = False
    smile: float = 0.5


@dataclass(frozen=True, slots=True)
class Era:
    """Which hair and clothes people wore from a year on."""

    since: int
    girls: tuple[str, ...]
    boys: tuple[str, ...]
    dresses_girl: tuple[str, ...]
    dresses_boy: tuple[str, ...]
    dresses_teacher: tuple[str, ...]
    cloths: tuple[Colour, ...]
    trousers: tuple[Colour, ...]


INDIGO: tuple[Colour, ...] = ((58, 74, 104), (70, 84, 110), (48, 58, 82), (92, 98, 104))
WHITES: tuple[Colour, ...] = ((236, 236, 230), (226, 230, 232), (240, 236, 224))
MIXED: tuple[Colour, ...] = (
    (176, 64, 60),
    (70, 104, 150),
    (206, 170, 90),
    (96, 132, 96),
    (150, 96, 140),
    (220, 214, 204),
)
TRACKSUIT: tuple[Colour, ...] = ((40, 84, 160),)
ERAS: tuple[Era, ...] = (
    Era(
        1912,
        ("bob",),
        ("crop", "parted"),
        ("blouse",),
        ("tunic",),
        ("gown", "tunic"),
        ((84, 104, 140), (52, 58, 76), (110, 116, 124)),
        ((44, 46, 56),),
    ),
    Era(
        1949,
        ("braids", "braids", "bob"),
        ("crop", "parted", "cap"),
        ("blouse", "checked"),
        ("tunic", "shirt"),
        ("tunic",),
        INDIGO + WHITES,
        ((60, 70, 92), (74, 78, 84)),
    ),
    Era(
        1966,
        ("braids", "short_braids"),
        ("crop", "parted", "cap"),
        ("tunic", "blouse"),
        ("tunic",),
        ("tunic",),
        ((84, 96, 78), (70, 84, 110), (98, 104, 84)),
        ((62, 70, 66), (58, 66, 88)),
    ),
    Era(
        1977,
        ("short_braids", "ponytail", "bob"),
        ("parted", "crop"),
        ("blouse", "checked", "sweater"),
        ("shirt", "tunic"),
        ("tunic", "shirt"),
        INDIGO + WHITES + ((150, 86, 80),),
        ((58, 66, 88), (80, 82, 86)),
    ),
    Era(
        1984,
        ("ponytail", "perm", "bob"),
        ("parted", "long_parted"),
        ("sweater", "checked", "blouse"),
        ("shirt", "jacket", "sweater"),
        ("jacket", "suit", "tunic"),
        MIXED + WHITES,
        ((60, 72, 104), (84, 80, 78)),
    ),
    Era(
        2000,
        ("ponytail", "ponytail", "bob"),
        ("crop", "parted"),
        ("tracksuit",),
        ("tracksuit",),
        ("suit", "shirt", "sweater"),
        TRACKSUIT,
        ((36, 52, 96),),
    ),
    Era(
        2012,
        ("ponytail", "bob"),
        ("crop", "parted"),
        ("blazer",),
        ("blazer",),
        ("suit", "shirt"),
        ((38, 48, 78),),
        ((96, 96, 104),),
    ),
)


def era_of(year: int) -> Era:
    """Return the clothes of a year."""
    return max((era for era in ERAS if era.since <= max(year, 1912)), key=lambda era: era.since)


def student_look(year: int, female: bool, dice: Random) -> Look:
    """Return the look of a pupil of a year."""
    era = era_of(year)
    dress = dice.choice(era.dresses_girl if female else era.dresses_boy)
    white = dress in ("shirt", "blouse") and dice.random() < 0.7
    return Look(
        female=female,
        hair=dice.choice(era.girls if female else era.boys),
        dress=dress,
        cloth=dice.choice(WHITES if white else era.cloths),
        trousers=dice.choice(era.trousers),
        skin=dice.choice(SKINS),
        glasses=dice.random() < (0.04 if year < 1980 else 0.22),
        scarf=1950 <= year < 1966 and dice.random() < 0.35,
        smile=dice.uniform(0.1, 0.9),
    )


def teacher_look(year: int, female: bool, dice: Random) -> Look:
    """Return the look of a teacher of a year."""
    era = era_of(year)
    old = dice.random() < 0.4
    men = ("parted", "balding", "crop") if old else ("parted", "crop")
    women = ("bob", "bun") if year < 1980 else ("perm", "bob", "bun")
    dress = dice.choice(("qipao", "blouse") if female and year < 1949 else era.dresses_teacher)
    sober: tuple[Colour, ...] = ((66, 74, 92), (88, 92, 98), (54, 56, 66), (104, 98, 90))
    return Look(
        female=female,
        hair=dice.choice(women if female else men),
        dress=dress,
        cloth=dice.choice(WHITES) if dress == "shirt" else dice.choice(sober),
        trousers=(54, 56, 66),
        skin=dice.choice(SKINS),
        hair_colour=(128, 124, 120) if old else BLACK,
        glasses=dice.random() < 0.45,
        smile=dice.uniform(0.2, 0.7),
    )
