"""The invented people of the sample school (云溪中学).

Names are put together from lists by seeded dice; whoever bears such a name in life is not meant.
"""

from random import Random

from repository.demo.draw_groups import Sitter

FIRST_HEAD = Sitter("陆怀瑾", female=False, teacher=True)  # headmaster 1927-1951
SECOND_HEAD = Sitter("苏婉仪", female=True, teacher=True)  # 1952-1976
THIRD_HEAD = Sitter("秦守正", female=False, teacher=True)  # 1977-1998
FOURTH_HEAD = Sitter("叶舒窈", female=True, teacher=True)  # 1999-

SURNAMES = (
    "沈顾陆秦苏叶程方江何姜柳罗孟宁庞乔阮邵谭温夏严尹余俞章郑周祝蒋崔冯韩贺洪黄季金康黎林凌刘卢吕马毛梅"
)
GIVEN_OLD_MEN = (
    "云生",
    "文彬",
    "长庚",
    "伯源",
    "维桢",
    "仲谦",
    "树声",
    "鹤年",
    "继先",
    "子明",
    "景行",
    "惟一",
)
GIVEN_OLD_WOMEN = (
    "淑贞",
    "玉英",
    "静宜",
    "兰芬",
    "佩瑶",
    "慧珍",
    "素心",
    "月娥",
    "秀云",
    "婉如",
    "蕴华",
    "芝兰",
)
GIVEN_MID_MEN = (
    "建国",
    "卫东",
    "志强",
    "国庆",
    "援朝",
    "立新",
    "爱民",
    "永红",
    "跃进",
    "学文",
    "春生",
    "大江",
    "铁生",
    "新华",
)
GIVEN_MID_WOMEN = (
    "秀兰",
    "桂芳",
    "红梅",
    "玉兰",
    "小燕",
    "春花",
    "丽华",
    "爱萍",
    "凤英",
    "巧云",
    "美珍",
    "晓霞",
    "文静",
    "雪琴",
)
GIVEN_NEW_MEN = (
    "浩然",
    "子轩",
    "宇航",
    "一鸣",
    "思源",
    "嘉树",
    "明川",
    "天佑",
    "俊杰",
    "泽洋",
    "知行",
    "亦凡",
    "喆",
    "昱辰",
)
GIVEN_NEW_WOMEN = (
    "晚晴",
    "雨桐",
    "思琪",
    "梓涵",
    "欣怡",
    "诗雨",
    "知秋",
    "若溪",
    "佳宁",
    "语嫣",
    "心悦",
    "芷若",
    "淼淼",
    "可欣",
)


def people(year: int, count: int, *, dice: Random, teacher: bool = False) -> tuple[Sitter, ...]:
    """Return so many invented people, each name once, named in the fashion of their year of birth."""
    born = year - (38 if teacher else 15)
    found: dict[str, Sitter] = {}
    while len(found) < count:
        female = dice.random() < (0.3 if born < 1945 else 0.5)
        name = dice.choice(SURNAMES) + dice.choice(_given(born, female))
        found.setdefault(name, Sitter(name, female=female, teacher=teacher))
    return tuple(found.values())


def head_of(year: int) -> Sitter:
    """Return who led the school in a year."""
    if year < 1952:
        return FIRST_HEAD
    if year < 1977:
        return SECOND_HEAD
    return THIRD_HEAD if year < 1999 else FOURTH_HEAD


def _given(born: int, female: bool) -> tuple[str, ...]:
    if born < 1946:
        return GIVEN_OLD_WOMEN if female else GIVEN_OLD_MEN
    if born < 1980:
        return GIVEN_MID_WOMEN if female else GIVEN_MID_MEN
    return GIVEN_NEW_WOMEN if female else GIVEN_NEW_MEN
