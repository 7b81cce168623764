"""The data dictionary: one row for each thing we can say.

Each row carries what forms, imports, help pages, rules and crosswalks need.
Obligations follow DA/T 18-2022 (必著 must, 有则必著 if_any, 选著 may) and, for
photographs, the six elements of DA/T 50-2014. DA/T 46-2009 elements are named
by their M number. A new field is one new row.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from repository.description.errors import UnknownField

PHOTO, DOCUMENT, PLAN, CERTIFICATE = "photo", "document", "plan", "certificate"
OBJECT, AUDIO, VIDEO, OTHER = "object", "audio", "video", "other"
ALL = (PHOTO, DOCUMENT, PLAN, CERTIFICATE, OBJECT, AUDIO, VIDEO, OTHER)
_PAPER = (DOCUMENT, PLAN, CERTIFICATE, OTHER)
_SHOTS = (PHOTO, VIDEO, AUDIO)

MUST, IF_ANY, MAY = "must", "if_any", "may"
LINE, LONG = 500, 20_000  # characters: one line of a form; a long text


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field: how it is called, shown, split, limited and mapped.

    must_for lists the kinds where the obligation is lifted to must. split says how a
    list is typed: "names", "words", "codes" or "titles". labels renames the field for a kind.
    """

    name: str
    label_zh: str
    label_en: str
    help_zh: str = ""
    kinds: tuple[str, ...] = ALL
    obligation: str = MAY
    must_for: tuple[str, ...] = ()
    many: bool = False
    split: str = ""
    code_list: str = ""
    max_length: int = LINE
    quick: bool = False
    long: bool = False
    form: str = "text"
    dc: str = ""
    dat46: str = ""
    dat18: str = ""
    aliases: tuple[str, ...] = ()
    labels: tuple[tuple[str, str, str], ...] = ()
    column: bool = False

    def label(self, kind: str = "", lang: str = "zh") -> str:
        """Return the label in "zh" or "en", as it is called for this kind."""
        for of_kind, label_zh, label_en in self.labels:
            if of_kind == kind:
                return label_en if lang == "en" else label_zh
        return self.label_en if lang == "en" else self.label_zh

    def obligation_for(self, kind: str) -> str:
        """Return "must", "if_any" or "may" for this kind."""
        return MUST if kind in self.must_for else self.obligation


F = FieldSpec
FIELDS: tuple[FieldSpec, ...] = (
    F("title", "题名", "Title", "一句话说清是什么，例：一九七八届高三（2）班毕业合影", obligation=MUST, quick=True, dc="title",
      dat46="M22", dat18="题名", aliases=("标题", "名称", "照片题名", "文件题名", "案卷题名")),
    F("date", "时间", "Date", "怎样写都可以，例：1978-05-01、约1956年、五十年代、民国三十七年、1978届、年代不详", obligation=IF_ANY,
      must_for=(PHOTO, DOCUMENT, CERTIFICATE), max_length=100, quick=True, form="date", dc="date",
      dat46="M33", dat18="日期", labels=((DOCUMENT, "日期", "Date"),),
      aliases=("日期", "年代", "拍摄时间", "摄影时间", "拍摄日期", "摄影日期", "形成时间", "形成日期", "成文日期", "文件日期", "颁发时间",
               "颁发日期", "发文日期", "录制时间", "时间（年月日）", "年月日", "created", "dcterms:created")),
    F("place", "地点", "Place", "例：校本部操场", obligation=IF_ANY, quick=True, dc="coverage", dat18="地点",
      aliases=("拍摄地点", "摄影地点", "所在地点", "会议地点", "spatial")),
    F("people", "人物", "People", "写姓名，用顿号隔开，例：陆明川、苏晚晴", obligation=IF_ANY, many=True, split="names",
      max_length=200, quick=True, dc="contributor", dat46="M28", dat18="人名",
      labels=((CERTIFICATE, "获得者", "Holder"),),
      aliases=("人名", "主要人物", "照片人物", "相关人物", "涉及人物", "参加人", "出席人", "获奖者", "获得者", "姓名")),
    F("source", "来源", "Source", "从谁那里来，例：校友捐赠、办公室移交", obligation=IF_ANY, quick=True, dc="source",
      dat18="档案保管沿革", aliases=("来源单位", "移交单位", "捐赠人", "捐赠者", "提供者", "提供人", "征集来源", "归档部门")),
    F("creator", "责任者", "Creator", "起草或发出文件的人或单位，例：云溪中学校长办公室", kinds=(*_PAPER, OBJECT), obligation=IF_ANY,
      must_for=(DOCUMENT,), max_length=200, dc="creator", dat46="M32", dat18="责任者",
      labels=((CERTIFICATE, "颁发单位", "Issued by"), (PLAN, "绘制者", "Drawn by"), (OBJECT, "制作者", "Made by")),
      aliases=("作者", "发文单位", "发文机关", "编制单位", "颁发单位", "绘制者", "制作者", "形成者", "author")),
    F("event", "事由", "Event", "为什么拍，例：建校三十周年校庆", kinds=(*_SHOTS, OBJECT), obligation=IF_ANY,
      max_length=1000, dc="description", dat18="事由", aliases=("事件", "活动", "活动名称")),
    F("background", "背景", "Background", "画面里的背景与历史背景，例：身后是刚落成的实验楼", kinds=_SHOTS, obligation=IF_ANY,
      max_length=2000, long=True, dc="description", dat18="背景", aliases=("照片背景", "历史背景", "背景说明")),
    F("photographer", "摄影者", "Photographer", "不知道就写：摄影者不详", kinds=_SHOTS, obligation=IF_ANY,
      max_length=200, dc="creator", dat46="M32", dat18="责任者",
      labels=((AUDIO, "录音者", "Recorded by"), (VIDEO, "摄像者", "Filmed by")),
      aliases=("拍摄者", "拍摄人", "摄影", "摄影人", "摄像者", "摄像", "录音者", "摄制者")),
    F("caption", "文字说明", "Caption", "综合说明事由、时间、地点、人物、背景、摄影者", kinds=_SHOTS, max_length=LONG, long=True,
      dc="description", dat46="M29", dat18="范围和提要", aliases=("说明", "照片说明", "图片说明", "总说明", "描述")),
    F("summary", "摘要", "Summary", "内容的简单介绍", kinds=(*_PAPER, OBJECT), max_length=LONG, long=True,
      dc="description", dat46="M29", dat18="范围和提要",
      aliases=("提要", "内容提要", "范围和提要", "内容摘要", "简介", "内容", "description")),
    F("document_number", "文号", "Document number", "例：云中〔1985〕12号", kinds=(DOCUMENT, PLAN, OTHER),
      obligation=IF_ANY, max_length=100, dc="identifier", dat46="M31", dat18="文件编号",
      labels=((PLAN, "图号", "Drawing number"),), aliases=("文件编号", "发文字号", "发文号", "图号", "编号")),
    F("pages", "页数", "Pages", "正文加附件的总页数，只写数字", kinds=(*_PAPER,), obligation=IF_ANY, max_length=6,
      form="number", dc="format", dat46="M43", dat18="载体形态", labels=((PLAN, "张数", "Sheets"),),
      aliases=("页", "张数", "总页数")),
    F("certificate_number", "证书编号", "Certificate number", kinds=(CERTIFICATE,), obligation=IF_ANY,
      max_length=100, dc="identifier", dat46="M31", aliases=("证书号", "证号", "证书号码")),
    F("award_level", "级别", "Level", "例：省级一等奖", kinds=(CERTIFICATE, OBJECT), max_length=100,
      aliases=("奖励级别", "获奖级别", "奖项级别", "等级")),
    F("genre", "文种", "Genre", "例：通知、会议记录、总结", kinds=(DOCUMENT, OTHER), max_length=40, dc="type",
      dat46="M34", dat18="文种", aliases=("文件类型", "体裁", "公文种类")),
    F("copy_status", "稿本", "Copy status", kinds=(DOCUMENT, PLAN, OTHER), code_list="copy_status",
      form="choice", dat46="M45", dat18="稿本", aliases=("版本", "文稿")),
    F("language", "语种", "Language", kinds=(*_PAPER, AUDIO, VIDEO), many=True, split="words",
      code_list="languages", form="choice", dc="language", dat46="M44", dat18="语言或文字",
      aliases=("语言", "文字", "语言或文字")),
    F("urgency", "紧急程度", "Urgency", kinds=(DOCUMENT,), max_length=20, dat46="M35", aliases=("缓急",)),
    F("addressee", "主送", "Addressee", kinds=(DOCUMENT,), many=True, split="names", max_length=200,
      dat46="M36", aliases=("主送单位", "主送机关", "收件人", "收文单位")),
    F("copied_to", "抄送", "Copied to", kinds=(DOCUMENT,), many=True, split="names", max_length=200,
      dat46="M37", aliases=("抄送单位", "抄送机关")),
    F("secrecy", "密级", "Secrecy", "只可填公开或内部；国家秘密不得进入本系统", kinds=(*_PAPER, *_SHOTS), obligation=IF_ANY,
      code_list="secrecy", form="choice", max_length=40, dat46="M38", dat18="密级",
      aliases=("保密等级", "密级和保密期限")),
    F("attachments", "附件", "Attachments", "附件题名，一行一个", kinds=(DOCUMENT, OTHER), many=True, split="titles",
      dat18="附件", aliases=("附件题名", "附件名称")),
    F("subjects", "主题词", "Subject terms", many=True, split="words", max_length=100, dc="subject",
      dat46="M26", dat18="主题词或关键词", aliases=("主题",)),
    F("keywords", "关键词", "Keywords", "例：校庆、毕业、运动会", many=True, split="words", max_length=100, dc="subject",
      dat46="M27", dat18="主题词或关键词", aliases=("标签", "关键字", "tags")),
    F("parallel_title", "并列题名", "Parallel title", dc="title", dat46="M23", dat18="并列题名",
      aliases=("外文题名",)),
    F("subtitle", "副题名", "Subtitle", dat46="M24", dat18="副题名", aliases=("副标题",)),
    F("related_code", "参见号", "See also", "相关档案的档号", many=True, split="codes", max_length=100,
      dc="relation", dat18="相关著录单元", aliases=("参见", "相关档号", "互见号", "参见档号")),
    F("former_code", "原编号", "Former number", "旧档号、照片号", many=True, split="codes", max_length=100,
      dc="identifier", aliases=("原档号", "旧档号", "照片号", "原号", "老档号")),
    F("negative_number", "底片号", "Negative number", kinds=(PHOTO,), max_length=100, dc="identifier",
      aliases=("底片编号",)),
    F("carrier", "载体形态", "Carrier", obligation=IF_ANY, code_list="carriers", form="choice", dc="format",
      dat46="M53", dat18="载体形态", aliases=("载体", "载体类型", "介质")),
    F("quantity", "件数", "Quantity", "例：1件、3幅", max_length=40, dat46="M42", aliases=("数量",)),
    F("dimensions", "尺寸", "Dimensions", "例：30×20厘米", kinds=(PHOTO, PLAN, CERTIFICATE, OBJECT),
      max_length=100, dc="format", aliases=("规格", "大小")),
    F("material", "材质", "Material", "例：木、铜", kinds=(OBJECT,), max_length=100, dc="format",
      aliases=("质地", "材料")),
    F("scale", "比例尺", "Scale", "例：1:500", kinds=(PLAN,), max_length=40, aliases=("比例",)),
    F("duration", "时长", "Duration", "例：00:12:30", kinds=(AUDIO, VIDEO), max_length=40, dc="format",
      aliases=("长度", "播放时间")),
    F("transcript", "文字稿", "Transcript", kinds=(AUDIO, VIDEO), max_length=200_000, long=True,
      dc="description", aliases=("口述稿", "解说词", "字幕")),
    F("generation", "生成方式", "How made", code_list="generation", form="choice", dat18="生成方式",
      aliases=("形成方式",)),
    F("digitised_on", "数字化时间", "Digitised on", "扫描或翻拍的日子，不是拍摄时间", max_length=100, form="date",
      aliases=("扫描时间", "数字化日期", "扫描日期")),
    F("original_location", "原件存放位置", "Where the original is", "例：二号库房三架二层", max_length=200, dat46="M66",
      dat18="原件存放位置", aliases=("存放位置", "存放地点", "库位", "盒号")),
    F("custody_history", "保管沿革", "Custody history", max_length=LONG, long=True, dc="provenance",
      dat18="档案保管沿革", aliases=("档案保管沿革", "流传经历")),
    F("copyright_holder", "版权人", "Copyright holder", max_length=200, dc="rights", dat46="M71",
      aliases=("著作权人", "版权", "知识产权说明", "rights")),
    F("portrait_consent", "肖像授权", "Portrait consent", kinds=(PHOTO, VIDEO), code_list="consent",
      form="choice", aliases=("肖像权", "肖像同意")),
    F("describer", "著录者", "Described by", max_length=100, dat18="著录者", aliases=("著录人", "录入人", "录入者")),
    F("reviewer", "审核者", "Reviewed by", max_length=100, aliases=("审核人",)),
    F("notes", "附注", "Notes", max_length=LONG, long=True, dc="description", dat46="M75", dat18="附注",
      aliases=("备注", "注", "其他说明")),
)

#: Kept as columns of the item beside the description; imports must know their headers all the same.
COLUMNS: tuple[FieldSpec, ...] = (
    F("reference_code", "档号", "Reference code", "例：J019-SX·1978·Y-0001", max_length=100, dc="identifier",
      dat46="M8", dat18="档号", obligation=IF_ANY, aliases=("档案号", "馆藏号", "identifier"), column=True),
    F("category", "类别", "Category", obligation=MUST, code_list="categories", form="choice", max_length=20,
      dat46="M14", aliases=("门类", "档案门类", "分类", "类别号", "分类号", "门类代码", "档案类别"), column=True),
    F("retention", "保管期限", "Retention", obligation=MUST, code_list="retention", form="choice",
      max_length=20, dat46="M12", dat18="保管期限", aliases=("期限", "保存期限", "保管年限"), column=True),
    F("access_level", "开放程度", "Access level", obligation=MUST, code_list="access_levels", form="choice",
      max_length=20, dc="rights", dat46="M74", dat18="开放标识",
      aliases=("开放标识", "开放状态", "公开程度", "公开属性", "访问级别", "控制标识"), column=True),
    F("kind", "种类", "Kind", obligation=MUST, code_list="kinds", form="choice", max_length=20, dc="type",
      aliases=("档案种类", "类型", "材料种类", "资源类型"), column=True),
    F("file_name", "文件名", "File name", "一格写多个文件时用分号隔开", many=True, split="titles", max_length=1024,
      dat46="M48", aliases=("文件", "电子文件名", "计算机文件名", "图片文件名", "照片文件名", "文件路径", "filename", "path"),
      column=True),
)

_BY_NAME: Mapping[str, FieldSpec] = MappingProxyType({row.name: row for row in (*FIELDS, *COLUMNS)})


def spec(name: str) -> FieldSpec:
    """Return one row of the dictionary (fields and columns), or raise UnknownField."""
    if name not in _BY_NAME:
        raise UnknownField(name=name)
    return _BY_NAME[name]


def is_known(name: str) -> bool:
    """Return whether a field of the description (not a column) has this name."""
    return name in _BY_NAME and not _BY_NAME[name].column


def fields_for(kind: str) -> tuple[FieldSpec, ...]:
    """Return the fields of one kind in the order of the full form; an unknown kind has those of "other"."""
    asked = kind if kind in ALL else OTHER
    return tuple(row for row in FIELDS if asked in row.kinds)


def quick_fields(kind: str) -> tuple[FieldSpec, ...]:
    """Return the five fields of the quick form: 题名, 时间, 地点, 人物, 来源."""
    return tuple(row for row in fields_for(kind) if row.quick)


def label(name: str, kind: str = "", lang: str = "zh") -> str:
    """Return the label of a field; the name itself where it is unknown."""
    return _BY_NAME[name].label(kind, lang) if name in _BY_NAME else name
