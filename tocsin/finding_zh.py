"""This package's findings in Chinese: the counterpart of each template of `words`, and of each code."""

CHINESE: dict[str, str] = {
    # tocsin/channel_settings.py
    "write the name of a variable of the environment": "写环境变量的名称",
    "write an http or https address without user, ?, # and %": "写 http 或 https 地址，不含用户名、?、# 和 %",
    "write an https address, or http on loopback, without user and password": (
        "写 https 地址，或本机回环的 http 地址，不含用户名和密码"
    ),
    "Apprise reaches phone, email or public; horns are reached via loudspeaker": (
        "Apprise 只能到达 phone、email 或 public；大喇叭走 loudspeaker"
    ),
    'write the country code alone, in quotes: "86"': '只写引号里的国家代码："86"',
    "there is no template for {missing}": "没有用于 {missing} 的模板",
    "silent_after must be longer than poll_every: every horn would be silent": (
        "silent_after 必须长于 poll_every：否则所有大喇叭都会算作无应答"
    ),
    "write an http or https address that ends in /": "写以 / 结尾的 http 或 https 地址",
    "write it without spaces, commas, < and &": "不能含空格、逗号、< 和 &",
    "write its 14 digits in quotes": "写引号里的 14 位数字",
    "the feed of a drill needs the id of the exercise": "演练的发布端要写演练编号（exercise）",
    "give one of {keys}": "必须且只能写其中一个：{keys}",
    "the url holds a user or a password: write it into a file, and url_file": (
        "url 含有用户名或密码：把它写进文件，并改写 url_file"
    ),
    "{provider} needs {key}": "{provider} 需要 {key}",
    "{provider} knows no {key}": "{provider} 没有 {key}",
    # tocsin/configuration.py
    "No such file or directory": "没有这个文件或目录",
    "Permission denied": "没有权限",
    "Is a directory": "是一个目录",
    "Not a directory": "不是目录",
    "File name too long": "文件名过长",
    "the system refuses it, error {number}": "系统拒绝读取，错误 {number}",
    "not UTF-8: byte {byte:#04x} at {position}": (
        "不是 UTF-8：第 {position} 个字节（从 0 数起）是 {byte:#04x}"
    ),
    "no file has such a name": "文件不会有这样的名称",
    "cannot be read: {reason}": "无法读取：{reason}",
    "is the name in the settings right?": "设置中的文件名对吗？",
    "bundle {hash} of the state directory": "状态目录中的配置包 {hash}",
    "{bundle}: {file}": "{bundle}：{file}",
    "the journal is still to be judged by it, and this version cannot read it": (
        "日志还要按它研判，而本版本读不了它"
    ),
    "let the version that wrote it apply files that both versions read, stop it, and start this one": (
        "先用写下它的版本应用两个版本都能读的文件，停止，再启动本版本"
    ),
    "{count} of its sensors stand in {other} too, '{first}' the first": (
        "其中 {count} 个传感器也在 {other} 中，第一个是 '{first}'"
    ),
    "a sensor stands in one file": "一个传感器只写在一个文件里",
    "no rule raises the hazard {hazard}": "没有规则会发出灾种 {hazard}",
    "there are: {known}": "现有：{known}",
    "the settings in force are of a format that is not read": "本版本读不懂现行设置的格式",
    "no rule file (*.yaml) in this directory": "该目录中没有规则文件（*.yaml）",
    # tocsin/settings.py
    "{name} is a channel of the realm {realm}, and these settings are {wanted}": (
        "{name} 是 {realm} 的渠道，而这份设置是 {wanted}"
    ),
    "give it a gateway and credentials of the realm {realm}, or take it out": (
        "给它配 {realm} 的网关和凭证，或去掉它"
    ),
    "{topic} hears more than the realm {realm}, whose topics begin with {own}": (
        "{topic} 会收到 realm {realm} 以外的消息；它的主题以 {own} 开头"
    ),
    "write {reports} or a part of it, or leave topics out": "写 {reports} 或其中一部分，或去掉 topics",
    "store {store} needs a url, for example http://127.0.0.1:8428": (
        "存储 {store} 需要 url，例如 http://127.0.0.1:8428"
    ),
    "within must be at least twice every: one canary may be lost on its way": (
        "within 至少是 every 的两倍：自检读数可能在途中丢失一次"
    ),
    "give heartbeat_url or heartbeat_url_file, not both": "heartbeat_url 和 heartbeat_url_file 只写一个",
    "no such time zone; write it as in Asia/Shanghai": "没有这个时区；写成 Asia/Shanghai 这样",
    # tocsin/drill/realm.py
    "no drill is made of settings of the realm {realm}": "不能用 realm {realm} 的设置做演练",
    "name the settings of live service, or those of a drill": "用正式值班的设置，或演练的设置",
    "it holds the realm {realm}, and realms never mix": "其中是 realm {realm}，不同 realm 不能混用",
    "give the drill a directory of its own": "给演练另一个目录",
    # tocsin/drill/real.py
    "it holds the realm {realm}, and real warnings are those of live service": (
        "其中是 realm {realm}，真实预警只来自正式值班的服务"
    ),
    "name the state directory of live service": "写正式值班服务的状态目录",
    "real warnings cannot be seen: no service of this version runs on this directory": (
        "看不到真实预警：没有本版本的服务在该目录上运行"
    ),
    "start live service, or name its state directory": "启动正式值班的服务，或写它的状态目录",
    # tocsin/shortcomings.py
    "{channel}: {problem}; and {more} more like it": "{channel}：{problem}；另有 {more} 处类似",
    "{channel}: {problem}": "{channel}：{problem}",
    "ask the cloud for a wider parameter and give it under limits, or shorten title or name": (
        "向云厂商申请更长的参数并写在 limits 中，或缩短标题或名称"
    ),
    # tocsin/gaps.py
    "rule {rule}, sensor {sensor}: {reason}": "规则 {rule}，传感器 {sensor}：{reason}",
    "rule {rule}, sensors {sensors}: {reason}": "规则 {rule}，传感器 {sensors}：{reason}",
    "give it in the file of sensors, or a default under parameters": (
        "在传感器文件中写上，或在 parameters 中写默认值"
    ),
    "no sensor is in zone {zone}": "区域 {zone} 没有传感器",
    "name it as the zone of its sensors, or take it out": "把它写作其传感器的区域，或去掉它",
    "nobody hears of {zones} but those who hear of everywhere": (
        "除了接收所有区域的人，没有人会收到 {zones} 的预警"
    ),
    "name the zone in a route to its own people, or give it a horn": (
        "在通知当地人员的路线中写上该区域，或给它配上大喇叭"
    ),
    "rule {rule}: no sensor that it is for reports {what}: none of kind {kind} is there": (
        "规则 {rule}：所针对的传感器都不上报 {what}：没有种类为 {kind} 的传感器"
    ),
    "add such sensors, correct for_each, or take the rule out": (
        "添加这样的传感器，改正 for_each，或去掉该规则"
    ),
    "outside every zone": "所有区域之外",
    "correct lon and lat, in degrees of WGS 84": "改正 lon 和 lat，用 WGS 84 的度数",
    "outside it, and inside if the coordinates are GCJ-02": "区域之外；若坐标是 GCJ-02，则在区域之内",
    "they may come from a Chinese map: convert them to WGS 84": "坐标可能取自国内地图：请换算成 WGS 84",
    "zone {zone}: {sensor} stands {where}": "区域 {zone}：{sensor} 位于{where}",
    "zone {zone}: {count} sensors ({ids}) stand {where}": "区域 {zone}：{count} 个传感器（{ids}）位于{where}",
    "horns play orange and red without approval, and horns_need_approval is set": (
        "大喇叭不经审批就播放 orange 和 red，而 horns_need_approval 要求审批"
    ),
    "add approval: true, or set horns_need_approval: false": (
        "加上 approval: true，或写 horns_need_approval: false"
    ),
    # tocsin/trials
    "the settings do not name the file of kinds": "设置没有写明种类文件",
    "tocsin check": "运行 tocsin check",
    "recipient": "接收方",
    "channel": "渠道",
    "`{name}` is no {what} of the configuration": "配置中没有{what} `{name}`",
    "it is not said whose loudspeakers": "没有说明是谁的大喇叭",
    "write zone: <the zone they stand in>": "写 zone: <大喇叭所在的区域>",
    'write expect: {{rule: {{"3h": orange}}}}, or deliveries: {{"3h": []}} for nobody': (
        '写 expect: {{rule: {{"3h": orange}}}}；若不应通知任何人，写 deliveries: {{"3h": []}}'
    ),
    "write it as in {zone}": "写成 {zone} 这样",
    "unknown time zone `{name}`": "未知的时区 `{name}`",
    "who is told follows from the zones of the configuration": "通知谁取决于配置中的区域",
    "write registry: configured": "写 registry: configured",
    "{key} has no part in a test of the configured sensors": "用配置中的传感器做的测试不写 {key}",
    "leave out registry: configured, or {key}": "去掉 registry: configured，或去掉 {key}",
    # In columns: as wide as the English.
    "nobody": "没有人",
    "yes": "是 ",
    "by": "至",
    "message": "消息   ",
    "expected": "预期    ",
    "got": "实际",
    "{cell}{blank}": "{cell}{blank}",
    "{row}  {cell}": "{row}  {cell}",
    "at {time}": "于 {time}",
    "deliveries, at each time all that was told since the one before": (
        "通知：每个时刻列出自上一时刻以来发出的全部消息"
    ),
    "{message} expected by {time}, not told": "预期 {time} 之前发出 {message}，没有发出",
    "{message} told by {time}, not expected": "{time} 之前发出了 {message}，不在预期之内",
    # tocsin/commands/checking.py
    "warning: {finding}": "警告：{finding}",
    "{count} errors in other files: tocsin check {settings}": (
        "其他文件中有 {count} 处错误：tocsin check {settings}"
    ),
    "{files}: fine": "{files}：没有问题",
    "{settings}: fine: {sensors} sensors, {zones} zones, {rules} rules, {routes} routes": (
        "{settings}：没有问题：{sensors} 个传感器，{zones} 个区域，{rules} 条规则，{routes} 条路线"
    ),
    # tocsin/cli.py, tocsin/trials/shown.py
    "rule": "规则",
    "test": "测试",
    "result": "结果",
    "passed": "通过",
    "FAILED": "未通过",
    "no test": "没有测试",
    "{passed} passed, {failed} failed, {without} rules without a test": (
        "{passed} 项通过，{failed} 项未通过，{without} 条规则没有测试"
    ),
    # tocsin/verification/events_file.py
    "not well-formed CSV": "不是格式正确的 CSV",
    "there is no event in it": "其中没有事件",
    "give each event a line": "每个事件写一行",
    "write begin,end,place, and if you like hazard and grade": (
        "写 begin,end,place，需要时再写 hazard 和 grade"
    ),
    "column `{name}` is not known": "没有 `{name}` 这一列",
    "column `{name}` appears twice": "列 `{name}` 出现两次",
    "column `{name}` is missing": "缺少列 `{name}`",
    "{found} cells, the header has {width}": "有 {found} 格，表头是 {width} 格",
    "an empty cell has its comma too": "空格也要有逗号",
    "the event ends before it begins": "事件的结束早于开始",
    "swap the two": "把两者对调",
    "`{text}` is neither ISO 8601 with an offset nor epoch milliseconds": (
        "`{text}` 既不是带时区的 ISO 8601，也不是毫秒时间戳"
    ),
    "write for example 2018-06-03T18:30:00Z": "例如写 2018-06-03T18:30:00Z",
    "no sensor, gateway or zone `{name}`": "没有名为 `{name}` 的传感器、网关或区域",
    "the hazard is missing: events are counted by hazard here": "缺少灾种：这里按灾种统计事件",
    "no grade `{name}`": "没有级别 `{name}`",
    "blue, yellow, orange or red, or nothing": "写 blue、yellow、orange 或 red，或留空",
    # tocsin/drill
    "an entry has a time and one thing that happens; this one has {n}": (
        "一条剧情写一个时间和一件事；这里写了 {n} 件"
    ),
    "the shorter time comes first": "先写较短的时间",
    "it says of no stage how long it may take": "没有写任何环节的时限",
    "the drill expects no warning, and forbids none: whatever happens, it passes": (
        "演练既不预期也不禁止任何预警：不论发生什么都会通过"
    ),
    "this is after the end of the drill": "这在演练结束之后",
    "let it last longer, or move this": "延长演练，或改动此处",
    "write it with its unit: {example}": "连同单位写：{example}",
    "{value} has no unit": "{value} 没有单位",
    "no {what} {name}": "没有{what} {name}",
    "loudspeaker": "大喇叭",
    "zone or sensor": "区域或传感器",
    "account of": "账号",
    "hazard": "灾种",
    "person or loudspeaker": "人员或大喇叭",
    "no sensor at {place}": "{place} 没有传感器",
    "name a sensor, or a zone that has some itself": "写一个传感器，或本身有传感器的区域",
    "it may not come before it must have come: from lies after by": "from 晚于 by：不可能达成",
    "people answer in tenths: write 0.3": "按十分之一填写：例如 0.3",
    "person": "人员",
    "no {wanted} sensor at {place}": "{place} 没有 {wanted} 传感器",
    "name one of the kind {wanted}, or a zone that has one": "写一个 {wanted} 传感器，或有这种传感器的区域",
    # tocsin/tuning, tocsin/commands/tune.py
    "{rule}: several thresholds; name one with --grade and --metric:\n{listed}": (
        "{rule}：有多个阈值，用 --grade 和 --metric 指明一个：\n{listed}"
    ),
    "{rule}: no threshold for {asked}; there are:\n{listed}": "{rule}：{asked} 没有阈值，现有：\n{listed}",
    "it": "该规则",
    "{rule}: `{right}` is calculated: only one number with its unit, or one that is added to "
    "site.<parameter> or taken from it, can be tuned": (
        "{rule}：`{right}` 是算出来的：只有带单位的单个数值，或与 site.<参数> 相加减的数值可以调整"
    ),
    "{rule}: its {grade} stands in a template, which other rules use": (
        "{rule}：其 {grade} 写在模板里，其他规则也在用"
    ),
    "stands there twice": "在那里出现两次",
    "is written with escapes": "用了转义写法",
    "{file}:{line}: `{text}` {why}, so it cannot be told what to change": (
        "{file}:{line}：`{text}` {why}，无法确定该改哪一处"
    ),
    "{text}: write the smaller number first, and a step above 0": ("{text}：先写较小的数，步长要大于 0"),
    "{text}: `{part}` is no value; write `300..600 step 50 {unit}` or `300,350,400 {unit}`": (
        "{text}：`{part}` 不是数值；写成 `300..600 step 50 {unit}` 或 `300,350,400 {unit}`"
    ),
    "{count} values; at most {most} are tried at once: take a larger step": (
        "{count} 个数值；一次最多试 {most} 个：请加大步长"
    ),
    "`{unit}` is not the unit of the rule, which says `{written}`": (
        "`{unit}` 不是规则所用的单位，规则写的是 `{written}`"
    ),
    "see `tocsin check`": "见 `tocsin check`",
    "no rule '{rule}'; {advice}": "没有规则 '{rule}'；{advice}",
    # tocsin/adoption.py, tocsin/registration.py, tocsin/sensor_lines.py, tocsin/commands/sensors.py
    "{count} devices call themselves {name}: name one by its topic, or --zone": (
        "{count} 台设备都自称 {name}：用主题或 --zone 指明一台"
    ),
    "{reason}: {advice}": "{reason}：{advice}",
    "behind gateway {gateway}: say --kind": "在网关 {gateway} 之后：请给出 --kind",
    "add it to the kinds": "把它加进种类文件",
    "no kind '{kind}': {advice}": "没有种类 '{kind}'：{advice}",
    "add it to the zones": "把它加进区域文件",
    "no zone '{zone}': {advice}": "没有区域 '{zone}'：{advice}",
    "stands in the files already: reload the daemon": "文件中已有：请让守护进程重新加载",
    "registered as {zone}/{kind}: correct the device's topic, or the file": (
        "登记为 {zone}/{kind}：请改正设备的主题，或改正文件"
    ),
    "{file}:1: no column {columns}: add it to the first line and to each row": (
        "{file}:1：没有列 {columns}：在首行和每一行都加上"
    ),
    "{file}: its sensors are no list of lines that begin with '- ': write it so first": (
        "{file}：其中的传感器不是以 '- ' 开头的逐行列表：请先改成那样"
    ),
    "several files of sensors": "传感器文件有多个",
    "{file} is none of the files of sensors": "{file} 不是传感器文件",
    "{which}: say --into with one of {names} of {settings}": (
        "{which}：用 --into 指明 {settings} 中的一个：{names}"
    ),
    "1 sensor": "1 个传感器",
    "{count} sensors": "{count} 个传感器",
    "nothing written: with --write, {lines} would be added to {path}": (
        "没有写入：加上 --write 会把 {lines}加到 {path}"
    ),
    "{lines} added to {path}; write lon and lat, and site, where rules need them. "
    "The daemon does not know of it yet: tocsin check {config}, then systemctl reload tocsin": (
        "已把 {lines}加到 {path}；规则需要的地方请补写 lon、lat 和 site。"
        "守护进程还不知道：先 tocsin check {config}，再 systemctl reload tocsin"
    ),
    "{metric} (not of {kind})": "{metric}（不属于 {kind}）",
    "can be added": "可以加入",
}

CODES: dict[str, str] = {
    "E001": "文件无法读取，或不是 UTF-8",
    "E002": "目录中没有规则文件",
    "E003": "路线写了没有配置的渠道",
    "E004": "路线写了没有规则会发出的灾种",
    "E005": "渠道与设置不属于同一个 realm",
    "E006": "日志还要用曾经应用的配置，而本版本读不了它",
    "E007": "条件对某个传感器无法计算",
    "E008": "区域没有传感器",
    "E009": "除了接收所有区域的人，没有人会收到该区域的预警",
    "E010": "规则用到没有传感器上报的指标",
    "E011": "传感器位于所有区域之外",
    "E012": "传感器的坐标若不是 GCJ-02，就不在其区域之内",
    "E013": "设置要求审批，而大喇叭不经审批就播放",
    "E014": "订阅的主题超出设置的 realm",
    "E015": "不能用这份设置做演练",
    "E016": "状态目录属于另一个 realm",
    "E017": "看不到真实预警",
    "E401": "演练结束之后还有内容",
    "E402": "演练写到配置中没有的名称",
    "E403": "该地点没有能感知此事件的传感器",
}
