"""This package's findings in Chinese: the counterpart of each template of `words`, and of each code."""

CHINESE: dict[str, str] = {
    # notifiers/apprise.py
    "{name}: url with scheme {scheme}": "{name}：以 {scheme} 开头的 url",
    "{shown}: {{recipient}} is missing, put it where the number or address goes": (
        "{shown}：缺少 {{recipient}}，写在号码或地址的位置"
    ),
    "{shown}: a gateway that honours keys needs {{key}} in it": "{shown}：按键去重的网关要在其中写 {{key}}",
    "{shown}: not a URL that Apprise can use, see its list of services": (
        "{shown}：不是 Apprise 可用的地址，见其服务列表"
    ),
    # notifiers/cap
    "{channel} would not publish a warning of {where}: up to {widest:.0f} square kilometres, "
    "over its largest_area of {largest:g}": (
        "{channel} 不会发布 {where} 的预警：面积达 {widest:.0f} 平方公里，超过 largest_area {largest:g}"
    ),
    "name smaller zones in the route, or raise largest_area": "在路线中写较小的区域，或调大 largest_area",
    # notifiers/contacts_file.py
    "write it with its offset: 2026-11-01T08:00+08:00": "带上时差书写：2026-11-01T08:00+08:00",
    "stands for the loudspeakers of a zone": "指一个区域的大喇叭",
    "stands for whoever reads what is open": "指能看到公开内容的所有人",
    "give at least one": "至少写一个",
    "{value} is not an instant": "{value} 不是时刻",
    "must be longer than nothing": "必须大于零",
    "write lower-case letters, digits and hyphens": "用小写字母、数字和连字符",
    "write it with its country code and nothing between: +8613800000000": (
        "带国家代码，中间不加符号：+8613800000000"
    ),
    "write one address: duty@example.org": "写一个邮箱地址：duty@example.org",
    "write the name of an account of this machine: letters and digits": "写本机的账户名：字母和数字",
    "is a person already": "已是人员",
    "is a roster already": "已是值班表",
    "is a group already": "已是分组",
    "{name} {reason}": "{name} {reason}",
    "choose another name": "换一个名称",
    "{id} can be told nothing and do nothing": "{id} 既收不到通知，也不能操作",
    "give a phone, an email or an account": "写 phone、email 或 account",
    "{id} has roles and no account to give a command from": "{id} 有角色，但没有可下命令的账户",
    "add account: the name of their account on this machine, or take the roles out": (
        "加 account：其在本机的账户名，或去掉角色"
    ),
    "no person or roster {member}": "没有人员或值班表 {member}",
    "no person {member}": "没有人员 {member}",
    "the {key} of {owner} too: whose answer or command it is could not be told": (
        "与 {owner} 的 {key} 相同：无法分清是谁的答复或命令"
    ),
    "give each person a {key} of their own, or leave it out": "每人各写自己的 {key}，或去掉",
    # notifiers/coverage.py
    "{hazard} {grade} reaches nobody in {where}": "{hazard} {grade} 在 {where} 通知不到任何人",
    "add a route, or a wider one": "加一条路线，或扩大现有路线的范围",
    "red must be acknowledged within {within}, and nobody is asked next in {where}": (
        "red 必须在 {within} 内确认，而 {where} 没有下一级可催办"
    ),
    "add a level for these zones, or for one above them": "给这些区域或其上级区域加一级（levels）",
    "{hazard} red goes out over {channel} alone in {where}": (
        "{hazard} red 在 {where} 只走 {channel} 一个渠道"
    ),
    "add a second channel, horns, or otherwise: what is tried when it gives no receipt": (
        "加第二个渠道、大喇叭，或 otherwise：没有回执时改走的渠道"
    ),
    "{shown} and {more} more": "{shown} 等，另有 {more} 个",
    # notifiers/lengths.py
    "{id} {grade} over {channel} is an SMS of {parts} parts: {longest}": (
        "{id} {grade} 经 {channel} 发送时要拆成 {parts} 条短信：{longest}"
    ),
    "shorten title, advice or condition to {most} parts": "缩短标题、建议或条件，不超过 {most} 条",
    # notifiers/meeting.py
    "phone": "电话",
    "email": "邮箱",
    "configure a channel under channels in the settings that reaches {needed}": (
        "在设置的 channels 中配置一个能到达 {needed} 的渠道"
    ),
    "add {channels} to channels": "在 channels 中加上 {channels}",
    "give its zones horns": "给它的区域配上大喇叭",
    "no zone of this route has a horn": "这条路线的区域都没有大喇叭",
    "people are not reached by {channels}": "{channels} 到达不了人员",
    "no person, group or roster {recipient}": "没有人员、分组或值班表 {recipient}",
    "the channel {channel} is not configured": "没有配置渠道 {channel}",
    "configure {channel} under channels in the settings": "在设置的 channels 中配置 {channel}",
    "{place} are not reached by {channels}": "{channels} 到达不了 {place}",
    "{place} is not reached by {channels}": "{channels} 到达不了 {place}",
    "add a person, a group or a roster that it reaches, or take it out": (
        "加上它能到达的人员、分组或值班表，或去掉它"
    ),
    "no zone {zone}": "没有区域 {zone}",
    "nobody can release it in {where}": "{where} 没有人能审批",
    "name a person with the role approver in a level of these zones or above them": (
        "在这些区域或其上级的 levels 中写一个有 approver 角色的人"
    ),
    "{without}: no {lacks}, which {channels} would need": "{without}：没有{lacks}，而 {channels} 需要它",
    "give each of them a {lacks} in the contacts, or add a channel that reaches them": (
        "在联系人文件中给每人写上{lacks}，或加一个能到达他们的渠道"
    ),
    "none of those named has a {lacks}": "所列的人都没有{lacks}",
    "it reaches people only": "它只能到达人员",
    "{channel} reaches {place}, which nothing can be put in place of": (
        "{channel} 到达的是 {place}，没有可替代的渠道"
    ),
    "name it in channels": "写在 channels 里",
    "{channel}: {reason}": "{channel}：{reason}",
    "{channel} reaches {place} only": "{channel} 只能到达 {place}",
    "add {place} to the recipients": "在接收方中加上 {place}",
    # notifiers/routes_file.py
    'write hours and minutes in quotes: "22:00"': '写引号里的时和分："22:00"',
    "from and to are the same: no hour at all, or the whole day": "from 与 to 相同：不知是零小时还是全天",
    "{grade}: {stage} within {late} comes before {before} within {early}": (
        "{grade}：{stage} 的时限 {late} 早于 {before} 的时限 {early}"
    ),
    "give {stage} more time, or none": "给 {stage} 更长的时限，或写 none",
    # notifiers/template_sms
    "{name}: there is no template for {missing}": "{name}：没有用于 {missing} 的模板",
    "{name}: template {id} ({act}) begins with fixed words, so that an SMS of the realm {realm} could not "
    "begin with its mark: let a parameter come first": (
        "{name}：模板 {id}（{act}）以固定文字开头，{realm} 短信就无法以其标记开头：请让参数在最前面"
    ),
    "template {id}: there is no parameter {strangers}, but there are {known}": (
        "模板 {id}：没有参数 {strangers}，可用的有 {known}"
    ),
    "template {id}: a brace in the wording belongs to no parameter": (
        "模板 {id}：文字中的花括号不属于任何参数"
    ),
    "template {id}: a parameter stands twice in the wording": "模板 {id}：文字中有一个参数出现了两次",
    "template {id}: {what} {reason}": "模板 {id}：{what}{reason}",
    "{name} of {rule} ({chosen!r})": "{rule} 的 {name}（{chosen!r}）",
    "the SMS of {rule}": "{rule} 的短信",
    "is empty": "为空",
    "has {count} characters, and the cloud takes {most}": "有 {count} 个字符，云厂商最多接受 {most} 个",
    "has {refused}, which the cloud refuses in a parameter": "含有 {refused}，云厂商的参数不接受",
}

CODES: dict[str, str] = {
    "E301": "分组或值班表的成员不在人员中",
    "E302": "名称重复或被保留",
    "E303": "两人电话相同",
    "E304": "两人账户相同",
    "E305": "人员没有电话、邮箱和账户",
    "E306": "有角色但没有账户",
    "E310": "未知的区域",
    "E311": "未知的接收方",
    "E312": "接收方没有能到达的渠道",
    "E313": "渠道没有能到达的接收方",
    "E314": "路线的区域都没有大喇叭",
    "E315": "没有人能审批",
    "E316": "时限次序不对",
    "E320": "某等级在某些区域通知不到任何人",
    "E321": "红色预警要求确认，却没有下一级可催办",
    "E322": "红色预警只走一个渠道，也没有大喇叭",
    "E323": "短信过长",
    "E324": "云短信模板容不下的文字",
    "E325": "区域过大，发布端会拒绝",
}
