"""What the command line says, in English or, where the locale asks for it, in Chinese."""

from __future__ import annotations

import os
from typing import Final

_ZH: Final = {
    "Membership and loyalty that turns buyers into regulars.": (
        "会员与忠诚度平台：把买家变成回头客。"
    ),
    "what to show each member, and why": "给每位会员推荐什么，以及原因",
    "what is due and goes with it, or what was never bought": "到期复购及搭配，或从未买过的商品",
    "how many for each": "每位会员几个",
    "A list has 1 to {most} items.": "列表为 1 至 {most} 个商品。",
    (
        "Too few members came on three days or more to tell anything personal: {there}, at "
        "least {needed} are needed. Everybody gets what is popular."
    ): (
        "到店三天及以上的会员太少，无法个性化推荐：现有 {there}，至少需要 {needed}。"
        "所有会员都得到热销商品。"
    ),
    (
        "Too few members came on three days or more to learn from each other: {there}, at least "
        "{needed} are needed. Each gets what they buy themselves, then what is popular."
    ): (
        "到店三天及以上的会员太少，无法相互学习：现有 {there}，至少需要 {needed}。"
        "每位会员先得到自己常买的商品，其后是热销商品。"
    ),
    "files of orders, refunds and members in": "导入订单、退款和会员文件",
    "import a member file; tells who was known, and by which identity": (
        "导入会员文件；告知哪些人已存在、凭哪种标识认出"
    ),
    "{removed} records were removed, {kept} people stay and gave up what the file said": (
        "已移除 {removed} 条档案；{kept} 人保留，文件所给的信息已收回"
    ),
    "{count} new": "新增 {count} 人",
    "{count} shoppers who are members now": "{count} 位顾客转为会员",
    "{count} known, with something new": "{count} 人已存在，补充了信息",
    "{count} known, with nothing new": "{count} 人已存在，无新信息",
    "{count} who left and stay away": "{count} 人已退会，保持退会",
    "{count} whose identities belong to different members: not taken": (
        "{count} 行的标识属于不同会员：未导入"
    ),
    "known by {type}: {count}": "凭 {type} 认出：{count}",
    "one person? merge {members}": "是同一人？请合并 {members}",
    "whom to send which coupon under a budget": "在预算内给谁发哪种券",
    "an offer that needs a coupon; again for more of them": "需凭券使用的优惠；可重复给出多个",
    "in minor units": "以最小货币单位计",
    "what is left of a purchase": "每笔消费的毛利率",
    "try them on some by lot": "随机抽取部分会员试发",
    "of those chosen, who get nothing by chance": "入选会员中随机不发的比例",
    "the purpose that they said yes to": "会员已同意的用途",
    "what the plan is called": "计划名称",
    "A margin is 1 to 10000, a share held out 500 to 5000 basis points.": (
        "毛利率为 1 至 10000 个基点，留出比例为 500 至 5000 个基点。"
    ),
    "Another plan is at work.": "另一份计划正在进行。",
    "planning": "正在制定计划",
    "Nobody is sent anything: no lift is proven that is worth its cost.": (
        "不给任何人发券：尚无被证实且值得其成本的提升。"
    ),
    "{chosen} members, {held_out} held out; cost {cost}, gain {value} of at most {bound}.": (
        "{chosen} 位会员，留出 {held_out} 位；成本 {cost}，增益 {value}（上限 {bound}）。"
    ),
    "answer in JSON": "以 JSON 输出",
    "merchant code; may be left out where there is only one": "商户代码；只有一个商户时可省略",
    "the whole home is meant; refused unless this merchant is in it": (
        "针对整个数据目录；其中没有此商户时拒绝执行"
    ),
    "make the home, a merchant, its programme and its first API key": (
        "建立数据目录、商户、会员计划和首个 API 密钥"
    ),
    "code of the new merchant: a-z, 0-9 and -": "新商户的代码：a-z、0-9 和 -",
    "ISO 4217 currency, such as CNY": "ISO 4217 货币代码，如 CNY",
    "IANA time zone, such as Asia/Shanghai": "IANA 时区，如 Asia/Shanghai",
    "programme to start from": "起始会员计划模板",
    "name shown to members": "向会员展示的名称",
    "language of what members read": "会员所见内容的语言",
    "bring the database up to this version": "把数据库升级到当前版本",
    "people who work at a merchant": "商户员工",
    "give a person a role and print a link that signs them in once": (
        "赋予员工角色，并给出一次性登录链接"
    ),
    "print a new link that signs a person in once": "给出新的一次性登录链接",
    "list the people of a merchant": "列出商户员工",
    "operators of this installation, at /operator/": "本机运营者（/operator/）",
    "make an operator and print password and authenticator once": (
        "创建运营者，密码与验证器仅显示一次"
    ),
    "password (shown once): {password}": "密码（仅显示一次）：{password}",
    "authenticator (shown once): {uri}": "验证器（仅显示一次）：{uri}",
    "API keys of a merchant": "商户的 API 密钥",
    "make an API key and print it once": "创建 API 密钥，仅显示一次",
    "list keys; never the keys themselves": "列出密钥（不显示密钥本身）",
    "take a key back, effective at its next request": "吊销密钥，下一次请求起生效",
    "what the key is for": "密钥用途",
    "permission the key has; repeat for more; without any, all a key may have": (
        "密钥权限，可重复；不写则为密钥可有的全部权限"
    ),
    "id of the key, as listed": "列表中的密钥编号",
    "name to sign in with": "登录用户名",
    "the person's name": "员工姓名",
    "what the person may do": "员工角色",
    "serve console, member pages and API, and run the jobs": (
        "启动控制台、会员页面和 API，并运行后台任务"
    ),
    "port to listen on": "监听端口",
    "address to listen on": "监听地址",
    "web processes": "网页进程数",
    "threads of each web process": "每个网页进程的线程数",
    "leave the jobs to another process": "不在此处运行后台任务",
    "background work: expiry, reviews, events, imports": "后台任务：过期、保级、事件、导入",
    "run what falls due, for ever or once": "执行到期任务（持续或一次）",
    "do what is due now and stop": "只执行当前到期的任务",
    "merchant {code} is ready": "商户 {code} 已就绪",
    "API key (shown once): {key}": "API 密钥（仅显示一次）：{key}",
    "next: regulars staff create --merchant {code} --username NAME --role owner": (
        "下一步：regulars staff create --merchant {code} --username 用户名 --role owner"
    ),
    "the database is up to date": "数据库已是最新",
    "{username} is {role} at {code}": "{username} 在 {code} 的角色：{role}",
    "signs in once, within 24 hours: {url}": "24 小时内可登录一次：{url}",
    "key {id} ({prefix}…) is revoked": "密钥 {id}（{prefix}…）已吊销",
    "serving {url} (Ctrl-C stops it)": "服务已启动：{url}（Ctrl-C 停止）",
    "{job}: {done}": "{job}：{done}",
    "There is more than one merchant: name one with --merchant.": (
        "商户不止一个，请用 --merchant 指定。"
    ),
    "There is no merchant yet: run `regulars init`.": "还没有商户，请先运行 `regulars init`。",
    "There is no merchant {code!r} here; there are {known}.": "没有商户 {code!r}；现有：{known}。",
    "There is nobody called {username!r} at {code}.": "{code} 没有名为 {username!r} 的员工。",
    "The home {home} has no secrets: run `regulars init` first.": (
        "数据目录 {home} 中没有密钥，请先运行 `regulars init`。"
    ),
    "The database is not up to date: run `regulars migrate`.": (
        "数据库不是最新，请运行 `regulars migrate`。"
    ),
    "A port is at most {last}.": "端口最大为 {last}。",
    "There is no address {host} on this machine.": "本机没有地址 {host}。",
    "Port {port} is taken: choose another with --port.": "端口 {port} 已被占用，请用 --port 另选。",
    "WARNING: {why}: a power cut may lose what was confirmed": (
        "警告：{why}：断电可能丢失已确认的数据"
    ),
    "There is no insight {name!r}; there are {known}.": "没有洞察 {name!r}；现有：{known}。",
    "A horizon is 1 to {most} days.": "预测天数为 1 至 {most} 天。",
    "Too few members came back to learn from: {there}, at least {needed} are needed.": (
        "回购会员太少，无法学习：现有 {there} 位，至少需要 {needed} 位。"
    ),
    (
        "Too few members came back and paid anything to learn from: {there}, at least {needed} "
        "are needed."
    ): "回购且有实付金额的会员太少，无法学习：现有 {there} 位，至少需要 {needed} 位。",
    "{module} is missing: pip install 'regulars[insight]'.": (
        "缺少 {module}：请运行 pip install 'regulars[insight]'。"
    ),
    "not held against the past: too little history before it": "未与历史对照：更早的历史太少",
    "held against the last {days} days: {predicted:,.0f} purchases expected, {actual:,} made "
    "({off:+.1f} %)": (
        "与最近 {days} 天对照：预测购买 {predicted:,.0f} 次，实际 {actual:,} 次（{off:+.1f} %）"
    ),
    "error": "错误",
    "what members are likely to do next: due, churn, …": "会员接下来可能做什么：due、churn 等",
    "who is due to buy which of their items again": "谁该回购哪些商品",
    "who is slipping away from their own rhythm": "谁正偏离自己的购买节奏",
    "within 1 to 90 days": "在 1 至 90 天内",
    "what an item is": "以什么为商品单位",
    "half as many trips in 8 weeks, or none in 4": "8 周内到店减半，或 4 周内没有到店",
    "into this file": "写入此文件",
    "learning": "学习中",
    "work all forecasts out now, for the screens": "立即计算全部预测，供界面使用",
    "The forecasts are being worked out already.": "预测正在计算中。",
    "forecasts": "预测",
    "{done} of {of} steps are done.": "已完成 {done}/{of} 步。",
    "A horizon is {least} to {most} days.": "预测期为 {least} 至 {most} 天。",
    "Parquet is no text: name a file with --output.": "Parquet 不是文本，请用 --output 指定文件。",
    (
        "Too few members bought the same item on three days or more to learn from: "
        "{there} such pairs, at least {needed} are needed."
    ): "在三天或以上购买同一商品的会员太少，无法学习：现有 {there} 对，至少需要 {needed} 对。",
    (
        "Too few members shop often enough to learn from: {there} examples, "
        "at least {needed} are needed."
    ): "购买足够频繁的会员太少，无法学习：现有 {there} 例，至少需要 {needed} 例。",
    (
        "What happened so far is too much alike to learn from: {there} cases of the rarer "
        "outcome, at least {needed} are needed."
    ): "至今的结果过于一致，无法学习：较少的一种有 {there} 例，至少需要 {needed} 例。",
    "Nothing to show: members have all that is popular already.": (
        "没有可展示的：热销商品会员都已买过。"
    ),
    "up to and with this day; today if not": "截至这一天（含）；默认为今天",
    "Write a day as 2018-01-02, not {day!r}.": "日期请写作 2018-01-02，而不是 {day!r}。",
    "import an order file; the same file twice changes nothing": (
        "导入订单文件；同一文件导入两次不会改变任何内容"
    ),
    "import a refund file; refunds that come before their order wait for it": (
        "导入退款文件；先于订单到达的退款会等待订单"
    ),
    "go on with a run that was cut off": "继续被中断的导入",
    "give back everything a run brought": "撤销一次导入带来的全部内容",
    "list the latest runs": "列出最近的导入",
    "what is in the books": "导出账上内容",
    "every posting up to the latest seal, then the seals (NDJSON)": (
        "最近一次封印前的每笔分录，然后是各封印（NDJSON）"
    ),
    "every member with identities and consents, opened (NDJSON)": (
        "每位会员及其明文身份标识和授权同意（NDJSON）"
    ),
    "file {name}, read as {profile}": "文件 {name}，按 {profile} 读取",
    "{rows} rows, {rejected} not taken": "{rows} 行，{rejected} 行未采纳",
    "id of the run": "导入编号",
    "importing": "正在导入",
    "undoing": "正在撤销",
    "{orders} orders were given back": "已撤销 {orders} 笔订单",
    "nothing was imported: this was a dry run": "未导入任何内容：这只是试运行",
    "  and more; all of them are in the rejected-rows file": "  等等；全部见拒收行文件",
    "CSV, Parquet or XLSX": "CSV、Parquet 或 XLSX",
    "how the columns are read": "按何种格式读取各列",
    "only tell what it would do": "只说明会做什么",
    "members of a merchant": "商户的会员",
    "print a signed link to a member's card": "给出会员卡的签名链接",
    "how the member is known, as external:M0001 or phone:+8613800000000": (
        "会员的身份标识，如 external:M0001 或 phone:+8613800000000"
    ),
    "Nobody is known as {identity}.": "没有身份标识为 {identity} 的会员。",
    "makes a publishable key for web pages of this origin; repeat for more": (
        "生成可公开的密钥，供该来源的网页使用；可重复以添加多个"
    ),
    "a report on everything so far: repurchase, cohorts, …": (
        "截至目前的报表：repurchase、cohorts 等"
    ),
    "which one; a wrong name lists them": "哪一张；名称有误时会列出全部",
    "days that end with as-of": "截至该日的天数",
    "what second_order is split by": "second_order 按什么分组",
    "version that programme_change begins at": "programme_change 比较的前一版本",
    "version that programme_change ends at": "programme_change 比较的后一版本",
    "which table as CSV, of several": "有多张表时输出哪一张 CSV",
    "A window is 1 to {most} days.": "窗口为 1 至 {most} 天。",
    "what each member may still bring": "每位会员还可能带来多少",
    "learn up to and with this day": "学习截至这一天（含）的数据",
    "days to look ahead": "向前看的天数",
}


def chinese() -> bool:
    """Whether the locale asks for Chinese: the first set of LC_ALL, LC_MESSAGES and LANG."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "")
        if value:
            return value.lower().startswith("zh")
    return False


def say(text: str, **told: object) -> str:
    """``text``, in the reader's language, with what it tells filled in."""
    words = _ZH.get(text, text) if chinese() else text
    return words.format(**told) if told else words
