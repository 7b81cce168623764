"""What a description can be refused for.

`code` is looked up in data/messages.json by the doors; `facts` fill the sentence.
"""


class DescriptionError(Exception):
    """Base: something that was written cannot be understood."""

    code = "DE-000"

    def __init__(self, **facts: object) -> None:
        super().__init__(self.code, facts)
        self.facts = facts

    def __str__(self) -> str:
        told = ", ".join(f"{name}={value!r}" for name, value in self.facts.items())
        return f"{self.code} {type(self).__name__}: {told}"


class DateRefused(DescriptionError):
    """Base of all refused dates: nothing was guessed."""

    code = "DE-010"


class DateUnreadable(DateRefused):
    """The form is not one that we know."""

    code = "DE-011"


class NoSuchDay(DateRefused):
    """The form is known, but there is no such day, month or year of reign."""

    code = "DE-012"


class DatesBackwards(DateRefused):
    """The span ends before it begins."""

    code = "DE-013"


class DateAmbiguous(DateRefused):
    """The form can mean two different times; the writer must say which."""

    code = "DE-014"


class ReferenceCodeRefused(DescriptionError):
    """The reference code (档号) breaks the pattern of DA/T 13-2022."""

    code = "DE-020"


class DescriptionUnreadable(DescriptionError):
    """The description file of a bag is damaged or not one of ours."""

    code = "DE-030"


class UnknownField(DescriptionError):
    """There is no field of that name in the data dictionary."""

    code = "DE-040"
