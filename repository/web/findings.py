"""Finding codes to plain Chinese: what is wrong, and what to do.

IN-... is said at intake, FX-... of a stored copy, BG-... of a bag folder
judged alone. A test holds this table against the codes of preservation.
"""

from collections.abc import Mapping

from repository.web.words import filled, marked

#: The decoder's reasons, said behind the finding.
_REASONS: Mapping[str, str] = {
    "timeout": marked("读取时间太长"),
    "memory": marked("占用内存太多"),
    "crashed": marked("读取程序意外退出"),
    "too_large": marked("太大"),
    "encrypted": marked("有密码"),
    "no_reader": marked("没有可用的读取程序"),
    "no_scanner": marked("没有配置病毒扫描程序"),
    "unreachable": marked("病毒扫描程序连不上"),
    "refused": marked("读取程序没有正常回答"),
    "scanner_error": marked("病毒扫描程序报错"),
    "no_answer": marked("病毒扫描程序没有回答"),
    "empty": marked("文件是空的"),
}
_SENTENCES: Mapping[str, str] = {
    "IN-101": marked("没有收到任何文件。请重新上传。"),
    "IN-102": marked("文件是空的（0 字节）。请检查原件，重新上传。"),
    "IN-110": marked("文件名里有看不见的字符，已照原样记下，保存时用安全的名字。"),
    "IN-111": marked("文件名里带着路径，只取最后一段作为名字。"),
    "IN-112": marked("这个文件名在 Windows 上不能用，保存时已换成安全的名字，原名已记下。"),
    "IN-113": marked("文件名太长，保存时用短名字，原名已记下。"),
    "IN-114": marked("文件名的编码无法识别，原样的字节已经记下。"),
    "IN-115": marked("这是系统自动生成的文件，一般不需要存档。请看看是否传错了。"),
    "IN-120": marked("认不出这是什么格式。请打开看看内容，必要时另存为常见格式。"),
    "IN-121": marked("一个格式识别程序没有运行，识别结果可能不完整。"),
    "IN-122": marked("这是可以运行的程序，不能接收。"),
    "IN-123": marked("可以保存，但不是适合长期保存的格式。建议另存一份 PDF 或 TIFF。"),
    "IN-124": marked("两个识别程序的结论不一致，请人工看一下这是什么文件。"),
    "IN-130": marked("扩展名与内容不符。请核对文件是否改过名。"),
    "IN-131": marked("文件名没有扩展名，内容不受影响。"),
    "IN-132": marked("扩展名看不出是什么文件，请以识别的格式为准。"),
    "IN-133": marked("内容或扩展名是可以运行的程序，可能有危险。请不要打开，退回并问清来源。"),
    "IN-134": marked("扩展名与实际格式略有不同，内容不受影响。"),
    "IN-140": marked("文件已损坏，不能完整打开。请找原件重新扫描或复制。"),
    "IN-141": marked("文件展开后太大，为了安全没有打开。请人工确认内容。"),
    "IN-142": marked("文件没有检查完（%(reason)s）。请人工打开看一看。"),
    "IN-143": marked("文件有密码，将来可能打不开。请去掉密码后重新上传。"),
    "IN-144": marked("没有能检查这种格式的程序，未检测。"),
    "IN-145": marked("文档里有脚本、附件或自动操作，请留意来源。"),
    "IN-146": marked("认不出文本的编码，可能显示成乱码。"),
    "IN-150": marked("同样的文件馆藏里已经有了，两份都会保留并互相关联。"),
    "IN-151": marked("这次提交里有两个相同的文件（另一个是 %(first)s）。"),
    "IN-160": marked("病毒扫描发现问题（%(signature)s）。请不要打开，退回并提醒提交人。"),
    "IN-161": marked("没有做病毒扫描（%(reason)s）。"),
    "FX-001": marked("存储连不上，或者不是原来那块存储。请检查硬盘和网络，然后再核验。"),
    "FX-002": marked("整份副本不见了。请用别处的完好副本修复。"),
    "FX-003": marked("核验中途断了，其余文件没有查到。请再核验一次。"),
    "FX-101": marked("文件内容与登记的不一致。请用完好的副本修复。"),
    "FX-102": marked("标签文件的内容与登记的不一致。请用完好的副本修复。"),
    "FX-103": marked("清单文件的内容与登记的不一致。请用完好的副本修复。"),
    "FX-104": marked("文件大小与登记的不一致。请用完好的副本修复。"),
    "FX-105": marked("第一次读出的内容有误，第二次正常。磁盘可能开始老化，请留意。"),
    "FX-201": marked("文件不见了。请用完好的副本修复。"),
    "FX-202": marked("标签文件不见了。请用完好的副本修复。"),
    "FX-301": marked("多出一个没有登记的文件。修复时会移到隔离区，不会丢弃。"),
    "FX-302": marked("多出一个没有登记的标签文件。修复时会移到隔离区，不会丢弃。"),
    "FX-401": marked("文件读不出来。请检查磁盘和读取权限。"),
    "FX-402": marked("文件的位置上是一个链接，不是文件。请用完好的副本修复。"),
    "FX-403": marked("这个文件与包外的另一个名字共用同一份数据，一处写坏两处都坏。请修复成独立的文件。"),
    "FX-900": marked("这个存储没有在设置里，没有核验。请检查设置 JINGUI_STORES。"),
    "FX-901": marked("目录里的登记本身不完整，不能拿来比对。请联系系统管理员从归档信息包重建目录。"),
    "BG-101": marked("包里有链接，没有跟进去。"),
    "BG-102": marked("包里有设备或管道一类的特殊文件。"),
    "BG-103": marked("有文件夹或文件看不了（没有权限或介质出错）。"),
    "BG-104": marked("有空文件夹，清单记不下它。"),
    "BG-201": marked("缺少 bagit.txt。"),
    "BG-202": marked("标签文件读不出来，或者大得不正常。"),
    "BG-203": marked("bagit.txt 开头有字节顺序标记。"),
    "BG-204": marked("bagit.txt 没有写 BagIt 版本。"),
    "BG-205": marked("不认识这个 BagIt 版本（%(version)s）。"),
    "BG-206": marked("bagit.txt 没有写标签文件的编码。"),
    "BG-207": marked("不认识标签文件的编码（%(encoding)s）。"),
    "BG-208": marked("bagit.txt 不是规定的两行，或者次序不对。"),
    "BG-209": marked("bagit.txt 的空格不合规范。"),
    "BG-301": marked("没有内容文件的清单。"),
    "BG-302": marked("清单用了无法计算的摘要算法。"),
    "BG-303": marked("清单第 %(line)s 行看不懂。"),
    "BG-304": marked("同一个文件列了两次，摘要相同。"),
    "BG-305": marked("同一个文件列了两次，摘要不同。"),
    "BG-306": marked("清单里有 md5sum 写法的星号。"),
    "BG-307": marked("路径里有多余的部分，例如开头的“./”。"),
    "BG-308": marked("百分号的写法不合这个 BagIt 版本的规定。"),
    "BG-309": marked("标签文件的编码与 bagit.txt 所写的不同。"),
    "BG-310": marked("同一个名字用两种 Unicode 形式列了两次。"),
    "BG-311": marked("同一个名字用大小写两种写法列出，实际只有一个文件。"),
    "BG-312": marked("摘要的长度与算法不符。"),
    "BG-313": marked("清单里有注释行。"),
    "BG-314": marked("没有标签文件的清单。"),
    "BG-315": marked("内容只有较弱的摘要（%(algorithms)s）。"),
    "BG-316": marked("标签文件开头有字节顺序标记。"),
    "BG-318": marked("文件名与清单上的 Unicode 形式不同。"),
    "BG-319": marked("文件名与清单上的空格或编码写法不同。"),
    "BG-401": marked("清单里的路径指到了包外面。"),
    "BG-402": marked("内容清单列了 data/ 以外的文件。"),
    "BG-403": marked("标签清单列了内容文件。"),
    "BG-404": marked("标签清单列了标签清单自己。"),
    "BG-405": marked("fetch.txt 有看不懂的行。"),
    "BG-406": marked("fetch.txt 写了 data/ 以外的路径。"),
    "BG-407": marked("fetch.txt 写了清单里没有的文件。"),
    "BG-408": marked("fetch.txt 写了少见的地址。"),
    "BG-409": marked("包里有 fetch.txt；本系统从不到别处下载。"),
    "BG-501": marked("内容文件不见了。"),
    "BG-502": marked("标签文件不见了。"),
    "BG-503": marked("清单列出的系统文件不见了。"),
    "BG-504": marked("内容文件不在包里，fetch.txt 说要从别处下载。"),
    "BG-505": marked("有内容文件不在任何清单里。"),
    "BG-506": marked("有标签文件不在标签清单里。"),
    "BG-507": marked("内容清单没有列全所有内容文件。"),
    "BG-508": marked("各个标签清单列出的文件不一样。"),
    "BG-509": marked("没有 data 文件夹。"),
    "BG-601": marked("bag-info.txt 第 %(line)s 行看不懂。"),
    "BG-602": marked("Payload-Oxum 看不懂。"),
    "BG-603": marked("Payload-Oxum 与实际不符（写的是 %(said)s，实际是 %(stands)s）。"),
    "BG-604": marked("Payload-Oxum 写了不止一次。"),
    "BG-701": marked("有两个名字只差大小写或 Unicode 形式。"),
    "BG-702": marked("有操作系统留下的文件。"),
    "BG-703": marked("有的文件名不是每个系统都能用。"),
    "BG-704": marked("文件名不是有效的 UTF-8。"),
    "BG-801": marked("内容文件的摘要不符，内容已改变。"),
    "BG-802": marked("标签文件的摘要不符，内容已改变。"),
    "BG-803": marked("清单自己的摘要不符，清单已损坏。"),
    "BG-804": marked("内容文件与一份已损坏的清单不符。"),
    "BG-805": marked("文件读不出来。"),
}


def finding(code: str, facts: Mapping[str, object] | None = None) -> str:
    """Return a finding as a short sentence with what to do; the code itself where there is none."""
    told = dict(facts or {})
    reason = _REASONS.get(str(told.get("reason", "")))
    if reason:
        told["reason"] = filled(reason, {})
    return filled(_SENTENCES[code], told) if code in _SENTENCES else code


def known_codes() -> frozenset[str]:
    """Return every code that has a sentence."""
    return frozenset(_SENTENCES)
