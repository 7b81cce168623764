"""store key, store renew: what a person does for a store."""

import shutil
from pathlib import Path

import click

from repository.commands.context import BAD, COULD_NOT, GOOD, open_archive, progress, say, settings, tell_json
from repository.commands.keeping import AT_THE_SHELL
from repository.commands.waiting import finish_jobs
from repository.config import Settings
from repository.figures import copies_per_store
from repository.store_keys import KeyRefused, from_groups, in_groups, key_file, read_key, write_key
from repository.store_specs import StoreSpec
from repository.web import texts
from repository.wiring import inner_store, make_store
from repository.workflow import renewing
from storage.encrypted import NOTE, seal_of
from storage.errors import AlreadyStored, StorageError
from storage.local import LocalStore
from storage.marker import has_marker
from storage.sealed_stream import key_id

_REFUSED = {
    "length": "这不是密钥：应有 64 位十六进制数字（16 组，每组 4 位），最后可以带 4 位校验。",
    "check": "密钥抄错了：校验位不符。请对照纸质密钥逐组核对。",
}


@click.group("store")
def store() -> None:
    """存储：加密密钥、换新硬盘。"""


def _spec(told: Settings, name: str) -> StoreSpec:
    for spec in told.store_specs:
        if spec.id == name:
            return spec
    say(f"设置里没有名为 {name} 的存储。", error=True)
    raise SystemExit(COULD_NOT)


@store.command("key")
@click.argument("name")
@click.option("--restore", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="从文件放回密钥")
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出（不含密钥）")
def key(name: str, restore: Path | None, as_json: bool) -> None:
    """打印加密存储的密钥，供纸质保管；或用 --restore 放回密钥。"""
    told = settings()
    spec = _spec(told, name)
    if not spec.is_sealed:
        say(f"存储 {name} 没有加密，不需要密钥。", error=True)
        raise SystemExit(COULD_NOT)
    try:
        if restore is not None:
            _put_back(told, spec, from_groups(restore.read_text("utf-8")))
        kept = read_key(told.data, name)
    except (KeyRefused, UnicodeDecodeError) as refusal:
        say(_REFUSED["check" if getattr(refusal, "why", "") == "check" else "length"], error=True)
        raise SystemExit(BAD) from refusal
    if kept is None:
        say(f"存储 {name} 的密钥不在这里。请用 --restore 文件 放回。", error=True)
        raise SystemExit(BAD)
    if as_json:
        tell_json({"store": name, "key_id": key_id(kept)})
        return
    if restore is None:
        say(f"存储 {name} 的密钥（编号 {key_id(kept)}）。请抄写或打印，装入信封，锁进保险柜；")
        say("没有它，谁也读不出这个存储。不要把它与存储放在一起。")
        say(in_groups(kept))


def _put_back(told: Settings, spec: StoreSpec, typed: bytes) -> None:
    """Write a key that was typed from paper, if the store is sealed with it as far as can be seen."""
    try:
        sealed_with = seal_of(inner_store(told, spec))
    except StorageError:
        sealed_with = None
        say("存储现在联系不上，不能比对密钥编号；启动时会再比对。")
    if sealed_with is not None and sealed_with != key_id(typed):
        say(f"这不是存储 {spec.id} 的密钥：存储的密钥编号是 {sealed_with}。", error=True)
        raise SystemExit(BAD)
    place = key_file(told.data, spec.id)
    if place.exists() and read_key(told.data, spec.id) != typed:
        if sealed_with is None:
            say("这里已有另一把密钥，没有改动。", error=True)
            raise SystemExit(BAD)
        shutil.move(place, place.with_suffix(".key.old"))
    if not place.exists():
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_key(told.data, spec.id, typed)
    say(f"已放回存储 {spec.id} 的密钥（编号 {key_id(typed)}）。")


def _was_begun(spec: StoreSpec) -> bool:
    """Return whether the place is this very store, without any object: a renewal that was stopped."""
    begun = LocalStore(spec.id, spec.root)
    try:
        begun.probe()
        return all(found.key == NOTE for found in begun.list(""))
    except StorageError:
        return False


@store.command("renew")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出")
def renew(name: str, as_json: bool) -> None:
    """硬盘丢失或损坏、换上空的新硬盘后：重新建立这个存储，补齐全部副本。"""
    spec = _spec(settings(), name)
    if spec.kind == "folder" and has_marker(str(spec.root)) and not _was_begun(spec):
        say(f"{spec.root} 里已有一个存储（有标记文件），没有改动。只有空文件夹才能重新建立存储。", error=True)
        raise SystemExit(BAD)
    tools = open_archive()
    try:
        make_store(tools.settings, spec)
    except AlreadyStored as taken:
        say(f"{spec.root if spec.kind == 'folder' else spec.place} 不是空的，没有改动。", error=True)
        raise SystemExit(BAD) from taken
    except StorageError as failure:
        say(texts.sentence(failure), error=True)
        raise SystemExit(COULD_NOT) from failure
    with tools.database.writing.begin() as session:
        done = renewing.renew(session, tools, AT_THE_SHELL, store_id=name)
    with progress("补齐副本", quiet=as_json) as tell:
        finish_jobs(tools, {"repair", "replicate", "carry_log"}, tell)
    with tools.database.reading() as session:
        states = copies_per_store(session).get(name, {})
    left = sum(states.values()) - states.get("ok", 0)
    if as_json:
        tell_json({"store": name, "copies": done.copies, "further": done.further, "states": states})
    else:
        say(f"存储 {name} 已重新建立：应补副本 {done.copies + done.further} 份，完好 {states.get('ok', 0)} 份，")
        say("全部补齐。" if not left else f"还有 {left} 份没有补齐，请看保存状况。")
    raise SystemExit(GOOD if not left else BAD)
