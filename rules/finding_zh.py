"""This package's findings in Chinese: the counterpart of each template of `words`, and of each code."""

CHINESE: dict[str, str] = {
    # rules/language
    "compare it alone: age() >= 2h": "单独比较：age() >= 2h",
    "calculate on the right: eta(metric, level) <= site.evacuation + 30min": (
        "在右边计算：eta(metric, level) <= site.evacuation + 30min"
    ),
    "an age changes without readings and is not calculated with": (
        "距上次上报的时间没有读数也会变，不能参与计算"
    ),
    "`eta` can be never and is not calculated with": "`eta` 可能永远不到，不能参与计算",
    "two temperatures have a difference and no sum; a difference is written in K: 5 K": (
        "两个温度可以相减，不能相加；温差用 K 书写：5 K"
    ),
    "take a difference first, for example (temperature - 0 degC)": "先取差，例如 (temperature - 0 degC)",
    "degF is not calculated with": "degF 不能参与计算",
    "write degC, or K for a difference": "写 degC，温差写 K",
    "a division by zero": "除数为零",
    "divide by something else": "换一个除数",
    "the temperatures do not fit": "温度不能这样计算",
    "a temperature has no zero to multiply from": "温度没有可作乘法的零点",
    "{units} do not add up": "{units}不能相加",
    "{units} do not subtract": "{units}不能相减",
    "a number without a unit": "不带单位的数",
    "`{text}` is no span": "`{text}` 不是时间段",
    "write for example {form}": "例如写 {form}",
    "there is no such time of day": "没有这样的时刻",
    "the season is the whole year": "这个时段是全年",
    "the hours start and end at the same time": "起止时刻相同",
    "there is no such day": "没有这一天",
    "write 1 to {most} reports": "写 1 到 {most} 次：reports",
    "`{written}` cannot stand on the right: a value with its unit, or site.<parameter>, can": (
        "`{written}` 不能写在右边：右边只能是带单位的值或 site.<parameter>"
    ),
    "a zone or gateway is judged by functions over its sensors": "区域或网关要用针对其传感器的函数来判断",
    "`{text}` cannot stand beside an age, which changes without readings": (
        "`{text}` 不能与 age 比较：age 没有读数也会变"
    ),
    "`{text}` cannot be kept": "`{text}` 无法保存",
    "write `{right} {operator} {left}`": "写 `{right} {operator} {left}`",
    "a comparison starts with what is measured": "比较式以测量量开头",
    "write `sensors({text}) >= 1`": "写 `sensors({text}) >= 1`",
    "compare it with a duration or with reports: 2h, 3 reports": "与时长或上报次数比较：2h，3 reports",
    "write `site.{written}`": "写 `site.{written}`",
    "write `{first} - {taken} {operator} {zero}`": "写 `{first} - {taken} {operator} {zero}`",
    "`{text}` alone is no condition": "单独一个 `{text}` 不是条件",
    "`{flag}` is no quality flag": "`{flag}` 不是质量标志",
    "compare it: `metric >= threshold`": "写成比较式：`metric >= threshold`",
    "{unit}, not in {wanted}": "{unit}，而不是 {wanted}",
    "write its constants in units that make it, for example W and V for A": (
        "各常数的单位要能得出所需的单位，例如用 W 和 V 得出 A"
    ),
    "no {owner} has the site parameter `{name}`": "没有{owner}具有站点参数 `{name}`",
    "`{text}` is in {units}": "`{text}` 的单位是 {units}",
    "{kind} sensor": " {kind} 传感器",
    "sensor": "传感器",
    "`site.{name}` cannot stand here: {error}": "`site.{name}` 不能写在这里：{error}",
    "no unit": "无单位",
    "correct it in the file of sensors": "在传感器文件中改正",
    "{span} {unit}": "{span}（{unit}）",
    "check the number and its unit; the plausible range stands in the file of kinds": (
        "检查数字和单位；合理范围写在种类文件中"
    ),
    "{low} and more": "不小于 {low}",
    "{high} and less": "不大于 {high}",
    "{low} to {high}": "{low} 至 {high}",
    "`{comparison}` is always true: plausible is {span}": "`{comparison}` 永远成立：合理范围是 {span}",
    "`{comparison}` is always false: plausible is {span}": "`{comparison}` 永远不成立：合理范围是 {span}",
    "`{name}` is no kind of sensor": "没有 `{name}` 这个种类",
    "`{condition}` names no metric": "`{condition}` 没有写指标",
    "name one, or age()": "写一个指标，或 age()",
    "`{name}` is not a metric of any kind": "任何种类都没有指标 `{name}`",
    "{text} can be of sensors of several kinds: {owners}": "{text} 可能属于几个种类：{owners}",
    "add `of={kind}`": "加上 `of={kind}`",
    "no kind of sensor reports {text}": "没有哪个种类同时上报 {text}",
    "ask for each kind by itself": "每个种类分开写",
    "`{text}` cannot stand beside `{name}`, which changes without readings": (
        "`{text}` 不能与 `{name}` 比较：后者没有读数也会变"
    ),
    "`{function}` of a sensor looks at the sensors around it": (
        "针对传感器的 `{function}` 看的是它周围的传感器"
    ),
    "`{given}` is no distance to neighbours": "`{given}` 不能作为到相邻传感器的距离",
    "write at most 1000 km": "最多写 1000 km",
    "compare it with a percentage: 50 %": "与百分比比较：50 %",
    "compare it with a number: 2": "与个数比较：2",
    "add a distance, for example radius=10 km": "加上距离，例如 radius=10 km",
    "a zone or gateway has sensors of its own": "区域或网关有自己的传感器",
    "leave `radius=` out": "去掉 `radius=`",
    "`{given}` is no distance": "`{given}` 不是距离",
    "write for example 10 km": "例如写 10 km",
    "a percentage of a value in {unit} depends on where its scale starts": (
        "{unit} 的百分比取决于刻度的起点，没有意义"
    ),
    "a percentage of a threshold of 0 moves nothing": "阈值为 0 时百分比不起作用",
    "`{name}` stands alone on the left of a comparison": "`{name}` 要单独写在比较式左边",
    "`{function}` does not fit `{name}`, which is an {form} metric": (
        "`{function}` 不适用于 `{name}`：它是 {form} 指标"
    ),
    "`sum` does not fit `{name}`, which is an {form} metric": "`sum` 不适用于 `{name}`：它是 {form} 指标",
    "`{name}` cannot stand inside `{group}`": "`{name}` 不能写在 `{group}` 里面",
    "unknown operator `{sign}`; known: >= > <= < == !=": "未知的运算符 `{sign}`；可用：>= > <= < == !=",
    "`{function}` takes one comparison of a bare metric with a constant": (
        "`{function}` 里只能写一个指标与一个常数的比较"
    ),
    "use sum": "用 sum",
    "what one report of `{name}` holds depends on its period": "`{name}` 单次上报的大小取决于上报周期",
    "use {others}": "用 {others}",
    "write whole hours, at least 2h": "写整小时，至少 2h",
    "`baseline` needs the value that stands until half of its window is known": (
        "`baseline` 需要一个默认值，在窗口过半之前使用"
    ),
    "write {form}": "写 {form}",
    "write a value with its unit, or site.<parameter>": "写带单位的值，或 site.<parameter>",
    "`{text}` is no value to compare": "`{text}` 不是可以比较的值",
    "`{function}` is a condition, not a value": "`{function}` 是条件，不是值",
    "write {form} >= 2": "写 {form} >= 2",
    "write share(condition) >= 50 %": "写 share(condition) >= 50 %",
    "write `{text}`": "写 `{text}`",
    "write sum({name}, 1h)": "写 sum({name}, 1h)",
    "a baseline is made of hourly means": "baseline 由小时均值构成",
    "write a number and its unit": "写数字和单位",
    "write a number": "写一个数",
    "`{text}` is no default": "`{text}` 不能作为默认值",
    "`{second}` is no level": "`{second}` 不能作为目标值",
    "write `and`": "写 `and`",
    "write `or`": "写 `or`",
    "multiply instead: x * x": "改用乘法：x * x",
    "write a share as 0.5": "比例写成 0.5",
    "a comparison (>= > <= < == !=)": "比较符（>= > <= < == !=）",
    "a metric or function": "指标或函数",
    "unknown function `{name}`; known: {names}": "未知的函数 `{name}`；可用：{names}",
    "unexpected `{found}`": "这里不应出现 `{found}`",
    "expected {shown}": "应为 {shown}",
    "the condition is empty": "条件是空的",
    "write `metric >= threshold`": "写 `metric >= threshold`",
    "the condition ends too early": "条件没有写完",
    "split the rule": "把规则拆开",
    "write more than 0s and at most {longest}": "写大于 0s、不超过 {longest} 的时长",
    "a window of {width} is shorter than {holds}: sensors report every {interval}": (
        "窗口 {width} 短于{holds}：传感器每 {interval} 上报一次"
    ),
    "write at least {least}": "至少写 {least}",
    "{number} argument": " {number} 个参数",
    "{number} arguments": " {number} 个参数",
    "`{name}` takes {arguments}, not {given}": "`{name}` 要{arguments}，而不是 {given} 个",
    "write a number and a unit: 90s, 5min, 3h": "写数字和单位：90s、5min、3h",
    "one period": "一个周期",
    "two intervals": "两个间隔",
    "a metric belongs here, not `{text}`": "这里应写指标，而不是 `{text}`",
    "`{name}` is not a metric of {owner}": "`{name}` 不是 {owner} 的指标",
    "`{text}` is no duration": "`{text}` 不是时长",
    "every kind": "每个种类",
    "use {feeds}": "用 {feeds}",
    "`{name}` is a counter; rules see what it feeds": "`{name}` 是 counter；规则使用由它得出的量",
    "`{name}` takes no second `{keyword}=`": "`{name}` 不能有第二个 `{keyword}=`",
    "`{name}` takes no `{keyword}=`": "`{name}` 没有参数 `{keyword}=`",
    "{value} is finer than `{name}` is measured, {resolution}": "{value} 细于 `{name}` 的分辨率 {resolution}",
    "write `{below}` or `{above}`": "写 `{below}` 或 `{above}`",
    "`{text}` does not start with a number": "`{text}` 不以数字开头",
    "`{number}` has more than {most} digits": "`{number}` 超过 {most} 位",
    "`{number}` has no unit": "`{number}` 没有单位",
    "write it in {unit}": "用 {unit} 书写",
    "`{name}`: {problem}": "`{name}`：{problem}",
    # rules/rulebook
    "rule `{rule_id}` stands at {place} already": "{place} 已有规则 `{rule_id}`",
    "rules is missing": "缺少 rules",
    "give one of the two another id": "给其中一个换编号",
    "write it out, or make the rule a template with `use` and `with`": (
        "写全，或用 `use` 和 `with` 把规则做成模板"
    ),
    "alias *{anchor}": "不接受别名 *{anchor}",
    "{message} (from {origin})": "{message}（来自{origin}）",
    "template `{name}`, {file}:{line}": "模板 `{name}`，{file}:{line}",
    "write an amount with its unit, for example `margin: 0.1 m`": "写带单位的量，例如 `margin: 0.1 m`",
    "a rule of {noun}s names its hazard": "针对{noun}的规则要写明灾种",
    "write for example `hazard: fire`": "例如写 `hazard: fire`",
    "a {noun} does not report; its sensors do": "{noun}本身不上报，上报的是它的传感器",
    "raise it in a rule of sensors, or compare age() with `3 reports` in sensors(...)": (
        "在针对传感器的规则中发出，或在 sensors(...) 中把 age() 与 `3 reports` 比较"
    ),
    "put it into sensors(..., radius=...), or write `confirm`": (
        "写进 sensors(..., radius=...)，或写 `confirm`"
    ),
    "add a grade that compares the metric itself, for example `orange: leakage >= 500 mA`": (
        "加一个直接比较指标的等级，例如 `orange: leakage >= 500 mA`"
    ),
    "every grade goes by a baseline": "所有等级都依据 baseline",
    "write it in the unit of a threshold, or leave it out: counts and == have none": (
        "用阈值的单位书写，或去掉：计数和 == 没有回差"
    ),
    "the margin moves no comparison": "回差对任何比较都不起作用",
    "the rule has no grade {name} to sustain": "规则没有等级 {name}，无需持续",
    "remove it, or give the grade a condition": "去掉它，或给该等级写条件",
    "a {noun} has no neighbours": "{noun}没有相邻传感器",
    "write sensors(condition) >= 2 instead": "改写 sensors(condition) >= 2",
    "no {kind} sensor has a position, so none has a neighbour": (
        "{kind} 传感器都没有坐标，因此都没有相邻传感器"
    ),
    "give lon and lat in the file of sensors": "在传感器文件中写 lon 和 lat",
    "`{metric}` stands in a rule that counts sensors": "`{metric}` 写在了统计传感器个数的规则里",
    "{grade}: {defect}": "{grade}：{defect}",
    "{grade} is never released: moved by the margin it is true for every plausible value": (
        "{grade} 永远不会解除：加上回差后，条件对任何合理值都成立"
    ),
    "write a margin smaller than the threshold's distance from the lowest value": (
        "回差要小于阈值到最低值的距离"
    ),
    "{grade} compares no value with a threshold of which neighbours could reach a share": (
        "{grade} 没有可供相邻传感器按比例核实的阈值"
    ),
    "compare a metric, or leave confirm out": "比较一个指标，或去掉 confirm",
    "no condition of the rule uses site.{name}": "规则的条件都没有用到 site.{name}",
    "true for every plausible value at {found} of {total} sensors, by their own parameters": (
        "按各自的站点参数，{total} 个传感器中有 {found} 个对任何合理值都成立"
    ),
    "check the numbers and units of the parameters": "检查参数的数字和单位",
    "{strong} is true whenever {weak} is, so {weak} is never shown": (
        "只要 {weak} 成立，{strong} 就成立，因此永远不会出现 {weak}"
    ),
    "the stronger the grade, the harder its condition": "等级越高，条件应越严",
    "no {kind} sensor has the tag `{tag}`": "没有带标签 `{tag}` 的 {kind} 传感器",
    "unknown kind `{kind}`": "未知的种类 `{kind}`",
    "unknown zone `{zone}`": "未知的区域 `{zone}`",
    "write for example `rain sensor`, `smoke sensor with tag kitchen`, `gas sensor in zone harbour`, "
    "`zone`, `zone with descendants`, `gateway`": (
        "例如写 `rain sensor`、`smoke sensor with tag kitchen`、`gas sensor in zone harbour`、"
        "`zone`、`zone with descendants`、`gateway`"
    ),
    "write a share below 100 %, or an amount with its unit: 20 %, 0.1 m": (
        "写小于 100 % 的比例，或带单位的量：20 %、0.1 m"
    ),
    "write a percentage up to 100 %, for example 50 %": "写不超过 100 % 的百分比，例如 50 %",
    "write a distance with its unit, for example 10 km": "写带单位的距离，例如 10 km",
    "`{text}` names neither sensors of a kind nor zones": "`{text}` 既不是某种类的传感器，也不是区域",
    "`{text}` is no margin": "`{text}` 不是回差",
    "`{text}` is no share": "`{text}` 不是比例",
    "`{text}` is no distance": "`{text}` 不是距离",
    "`{text}` is no number of reports": "`{text}` 不是上报次数",
    "write for example `3 reports`": "例如写 `3 reports`",
    "there is no table `{table}` beside this file": "本文件旁边没有表 `{table}`",
    "write it as in Asia/Shanghai": "写成 Asia/Shanghai 这样",
    "unknown time zone `{named}`": "未知的时区 `{named}`",
    "write lower-case letters, digits, _ and -": "用小写字母、数字、_ 和 -",
    "write lower-case letters, digits and _, a letter first": "用小写字母、数字和 _，以字母开头",
    "write the name of a .csv file beside this one": "写本文件旁边的 .csv 文件名",
    "the rule has no grade": "规则没有任何等级",
    "give blue, yellow, orange or red a condition": "给 blue、yellow、orange 或 red 写条件",
    "gateway": "网关",
    "write `every 5min: 1.4 x36, 0 x128`, `1 to 5 in 9` for a ramp, `_ x6` for nothing, or `at 10:00 310`": (
        "写 `every 5min: 1.4 x36, 0 x128`；渐变写 `1 to 5 in 9`，没有上报写 `_ x6`，或写 `at 10:00 310`"
    ),
    "`{text}` is no series": "`{text}` 不是序列",
    "`{term}` is no value": "`{term}` 不是值",
    "a ramp has at least 2 values, its first and its last": "渐变至少有首尾两个值",
    "a value stands 1 to {most} times": "一个值可重复 1 至 {most} 次",
    "times of day and times after the start do not mix in one series": "同一序列不能混用钟点和开始后的时间",
    "the times of a series ascend": "序列的时间要递增",
    "the pace of a series is longer than 0s": "序列的间隔必须大于 0s",
    "more than {most} reports": "超过 {most} 次上报",
    "`{term}` is no time and value": "`{term}` 不是时间和值",
    "write for example `zone,blue_1h [mm],red_1h [mm]`": "例如写 `zone,blue_1h [mm],red_1h [mm]`",
    "the table has no row": "表中没有数据行",
    "give each zone or sensor a line": "每个区域或传感器写一行",
    "the first column is `zone` or `sensor`, not `{first}`": (
        "第一列应为 `zone` 或 `sensor`，而不是 `{first}`"
    ),
    "the table has no parameter": "表中没有参数列",
    "`{heading}` names no parameter": "`{heading}` 不是参数名",
    "column {name} appears twice": "{name} 列出现了两次",
    "{what} `{subject}` is not known": "没有登记{what} `{subject}`",
    "{what} `{subject}` stands in the table already": "表中已有{what} `{subject}`",
    "`{cell}` is no number": "`{cell}` 不是数",
    "the unit stands in the heading: {unit}": "单位写在表头：{unit}",
    "none": "无",
    "no condition with this table uses site.{name}": "使用此表的条件都没有用到 site.{name}",
    "a template does not use another one": "模板不能再使用模板",
    "template `{name}` has no parameter `{parameter}`": "模板 `{name}` 没有参数 `{parameter}`",
    "template `{name}` needs the parameter `{parameter}`": "模板 `{name}` 需要参数 `{parameter}`",
    "template `{name}` does not use its parameter `{parameter}`": "模板 `{name}` 没有用到参数 `{parameter}`",
    "template `{name}` stands in {other} already": "{other} 中已有模板 `{name}`",
    "unknown template `{name}`": "未知的模板 `{name}`",
    "parameter `{name}` is no text or number": "参数 `{name}` 既不是文本也不是数",
    "write its keys out": "把它的键写全",
    "`with` maps parameters to values": "`with` 要写成参数与值的对应",
    "{{gas: h2s}}": "例如 {{gas: h2s}}",
    "write with: {{{name}: ...}}": "写 with: {{{name}: ...}}",
    "write ${{{parameter}}} where it belongs": "在应填的位置写 ${{{parameter}}}",
    "give one of the two another name": "给其中一个换名称",
    "write a text in quotes": "写引号里的文本",
    'write for example expect: {{"3h": orange}}': '例如写 expect: {{"3h": orange}}',
    'write for example "2026-07-01 21:30", local time': '例如写 "2026-07-01 21:30"，当地时间',
    "`{grade}` is no grade": "没有等级 `{grade}`",
    "`{text}` is not expected of a warning": "预警不会是 `{text}`",
    "write `orange review`": "写 `orange review`",
    "`{text}` is no local date and time": "`{text}` 不是当地日期和时间",
    "the test expects nothing": "测试没有预期",
    # rules/engine
    "the sensor has no site parameter {name}": "传感器没有站点参数 {name}",
    # rules/trial
    'write tests: [{{name: ..., given: {{metric: "every 5min: 1 x6"}}, expect: {{"30min": yellow}}}}]': (
        '写 tests: [{{name: ..., given: {{metric: "every 5min: 1 x6"}}, expect: {{"30min": yellow}}}}]'
    ),
    "rule `{id}` has no test": "规则 `{id}` 没有测试",
    "no test of rule `{id}` raises {grade}": "规则 `{id}` 没有发布 {grade} 的测试",
    'expect it of readings that reach it: expect: {{"3h": {grade}}}': (
        '对达到该等级的读数写预期：expect: {{"3h": {grade}}}'
    ),
    "no test of rule `{id}` stays just below {grade}": "规则 `{id}` 没有略低于 {grade} 而不发布的测试",
    "expect none or a weaker grade of readings that do not quite reach it, before it is raised or in "
    "a test of their own": "对差一点达到的读数预期 none 或较低的等级：写在发布之前，或另写一个测试",
    "`{test}`: {message}": "`{test}`：{message}",
    "{id} has no site.{name}; write site: {{{name}: ...}} in the test": (
        "{id} 没有 site.{name}；在测试中写 site: {{{name}: ...}}"
    ),
    "{expected} expected at {first}, got {got}": "{first} 时预期 {expected}，实际 {got}",
    "`{name}` is no {noun} of the test that the rule is for": "`{name}` 不是测试中该规则所针对的{noun}",
    "the rule is for {count} {noun}s of the test": "测试中该规则针对 {count} 个{noun}",
    "write missing: {{raise: yellow}} in the rule": "在规则中写 missing: {{raise: yellow}}",
    "nothing was raised": "没有发出任何预警",
    "write {key}: {{{subject}: {{...}}}}": "写 {key}: {{{subject}: {{...}}}}",
    "check for_each and the test's sensors": "检查 for_each 和测试中的传感器",
    "the rule does not warn of missing data": "该规则不对缺报发出预警",
    "write sensors: {{{name}: {{kind: {kind}}}}}": "写 sensors: {{{name}: {{kind: {kind}}}}}",
    "it is not said which of the {count} sensors this is given for": (
        "没有说明这是 {count} 个传感器中哪一个的数据"
    ),
    "{name} can be of {kinds}": "{name} 可能是 {kinds}",
    "`{metric}` is not a metric of {name} that rules see": "`{metric}` 不是规则可用的 {name} 指标",
    "{value} is not plausible for {name}: it would be dropped": "{value} 超出 {name} 的合理范围，会被丢弃",
    "plausible is {low} to {high}": "合理范围是 {low} 至 {high}",
    "write {sensor}: {{...}}": "写 {sensor}: {{...}}",
    "`{test}`: nothing can be raised before the first reading, and nothing else is expected": (
        "`{test}`：第一条读数之前不会发出任何预警，而测试没有别的预期"
    ),
    "expect something at a later time": "写上更晚时刻的预期",
    "no kind of sensor that the rules look at reports {metrics}": "规则所看的传感器种类都不上报 {metrics}",
    "`{name}` is no sensor of the configuration": "配置中没有传感器 `{name}`",
    "{rule} of {subject}": "{subject} 的 {rule}",
    "{whose}: {message}": "{whose}：{message}",
    "`{name}` is no rule of the test": "测试中没有规则 `{name}`",
    "0s to {end}, {scale} a character; {legend}": "0s 至 {end}，每个字符 {scale}；{legend}",
    "{names}, capital: review": "{names}，大写：review",
    "{heading}{cells}": "{heading}{cells}",
    "at       ": "时刻     ",
    "expected ": "预期     ",
    "got      ": "实际     ",
}

CODES: dict[str, str] = {
    "E201": "条件无法识别：语法",
    "E202": "未知的函数",
    "E203": "该种类没有这个指标",
    "E204": "函数或比较不适合该指标的形式",
    "E205": "单位缺失、未知，或与指标量纲不同",
    "E206": "时长或窗口不可用",
    "E207": "阈值没有意义：对任何合理值都成立或都不成立",
    "E208": "阈值细于指标的分辨率",
    "E209": "该种类的传感器没有这个站点参数，或量纲不同",
    "E210": "各部分正确，但不构成条件",
    "E211": "计算不成立：量纲不符、温度相乘、除数为零",
    "E212": "只随时间变化的量与非常数比较，或参与了计算",
    "E213": "分组函数写在不能写的地方，或应写而没有写",
    "E214": "窗口短于累计量的一个周期，或瞬时指标的两个间隔",
    "E215": "无法确定分组函数针对哪些传感器",
    "E220": "两条规则编号相同",
    "E221": "for_each 没有写明某种类的传感器",
    "E222": "for_each 中的区域或标签没有选中任何对象",
    "E223": "规则没有等级",
    "E224": "回差不能用于规则的某个条件",
    "E226": "键的值无法识别",
    "E227": "等级顺序不对：较高的等级比较低的更容易达到",
    "E228": "永远不会解除：加上回差后条件对任何合理值都成立",
    "E229": "模板或其参数不可用",
    "E230": "阈值表不可用",
    "E231": "confirm 不能用在这里",
    "E232": "规则会对大多数对象同时发出预警",
    "E233": "规则没有测试",
    "E234": "规则的测试无法运行",
    "E235": "规则的测试没有通过",
    "E236": "所有等级都依据 baseline：缓慢的变化会被当作正常，永远看不到",
    "E237": "测试没有预期，不可能失败",
    "E238": "某一等级没有发布它的测试，或没有略低于它而不发布的测试",
}
