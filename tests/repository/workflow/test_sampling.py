"""The sample material goes the way of everything else, once."""

from pathlib import Path

from sqlalchemy import func, select

from repository.demo.samples import FONDS, draw_samples
from repository.models.item import Item
from repository.models.job import Job
from repository.workflow import importing, sampling
from tests.archives import close, new_archive


def test_samples_are_numbered_in_the_schools_own_fonds(tmp_path: Path) -> None:
    """The fonds code of the samples gives way to that of the school; what is known is left out."""
    samples = draw_samples(tmp_path, count=4)
    titles = [str(sample.values["title"]) for sample in samples]

    wanted = sampling.planned(samples, fonds="B123", known={titles[0]})

    assert [one.values["title"] for one in wanted] == titles[1:]
    codes = [one.columns["reference_code"] for one in wanted if one.columns["reference_code"]]
    assert codes and all(code.startswith("B123-") and FONDS not in code for code in codes)


def test_samples_of_every_kind_can_be_taken_in(tmp_path: Path) -> None:
    """Each sample is described well enough to be accepted at once, and asking twice leaves one job."""
    tools = new_archive(tmp_path / "data")
    wanted = sampling.planned(draw_samples(tmp_path / "drawn", count=9), fonds="B123", known=set())
    importing.run(tools, tools.software, wanted, note=sampling.NOTE, tell=lambda done, total: None)
    with tools.database.writing.begin() as session:
        sampling.ask(session)
        sampling.ask(session)

    with tools.database.reading() as session:
        assert set(session.scalars(select(Item.state))) == {"accepted"}
        assert session.scalar(select(func.count()).select_from(Job).where(Job.verb == "samples")) == 1
    close(tools)
