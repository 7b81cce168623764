"""quarantine list, rebuild register: after the repair."""

import click

from repository.commands.catalogue import rebuild
from repository.commands.context import BAD, GOOD, open_archive, progress, say, store_troubles, tell_json
from repository.web.filters import filesize
from repository.workflow import quarantining, registers


@click.group("quarantine")
def quarantine() -> None:
    """隔离区：换下的损坏文件和不属于档案的文件，至少保留 90 天。"""


@quarantine.command("list")
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出")
def list_quarantine(as_json: bool) -> None:
    """列出各存储隔离区里的东西：原来在哪里、何时移入、保留到哪天。"""
    tools = open_archive()
    away = store_troubles(tools)
    found = [
        one
        for name, store in tools.stores.items()
        if name not in away
        for one in quarantining.lying(tools, store)
    ]
    rows = [
        {
            "store": one.store_id,
            "key": one.object.key,
            "origin": one.object.origin,
            "why": one.object.why,
            "at": one.object.at.isoformat() if one.object.at else None,
            "bytes": one.object.size,
            "until": one.until.isoformat() if one.until else None,
            "may_go": one.may_go,
        }
        for one in found
    ]
    if as_json:
        tell_json({"objects": rows, "away": sorted(away)})
    else:
        total = filesize(sum(one.object.size for one in found))
        say(f"隔离区里有 {len(found)} 个文件，共 {total}。")
        for one in found:
            kept = f"保留到 {one.until}" if one.until else "说明已丢失，一直保留"
            say(f"  {one.store_id}　{one.object.origin or one.object.key}　{filesize(one.object.size)}　{kept}")
        for name in sorted(away):
            say(f"  存储 {name} 联系不上，没有查看。")
    raise SystemExit(BAD if away else GOOD)


@rebuild.command("register")
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出")
def rebuild_register(as_json: bool) -> None:
    """目录里的登记损坏时，凭各存储的日志和逐字节读过的信息包改正；证据不一致就不改。"""
    tools = open_archive()
    with progress("核对登记", quiet=as_json):
        cases = registers.mend(tools)
    left = [one for one in cases if not one.mended]
    if as_json:
        told = [
            {
                "prefix": one.prefix,
                "mended": one.mended,
                "agreed": one.agreed,
                "witnesses": [{"kind": w.kind, "store": w.store, "digest": w.digest} for w in one.witnesses],
            }
            for one in cases
        ]
        tell_json({"doubtful": len(cases), "mended": len(cases) - len(left), "cases": told})
    else:
        say(f"登记有疑问的信息包 {len(cases)} 个，已改正 {len(cases) - len(left)} 个。")
        for one in left:
            say(f"  ✗ {one.prefix}：各处证据不一致或不够，没有改动。请从备份恢复目录，或联系技术支持。")
        if len(cases) > len(left):
            say("改正的依据已写进事件日志。请再核验一次：fixity run --all。")
    raise SystemExit(BAD if left else GOOD)
