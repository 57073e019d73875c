"""What backup, restore and doctor say, in English or, where the locale asks for it, in Chinese."""

from __future__ import annotations

from typing import Final

from regulars.cli.words import chinese

_ZH: Final = {
    # backup
    "write database and imported files into one file; safe while serving": (
        "把数据库和导入文件写入一个备份文件；服务运行时也可执行"
    ),
    "file to write; its folder is there already": "要写入的文件；所在目录须已存在",
    "put the keys in too: whoever has the file can then read every name": (
        "同时放入密钥：拿到文件的人即可读出所有姓名"
    ),
    "{path} exists: name another file.": "{path} 已存在，请换一个文件名。",
    "There is no folder {path}.": "没有目录 {path}。",
    "The database is not up to date: run `regulars migrate` first.": (
        "数据库不是最新，请先运行 `regulars migrate`。"
    ),
    "copying the database": "复制数据库",
    "packing": "打包",
    "{folder} has {free} MB free; this needs {needed} MB.": (
        "{folder} 剩余 {free} MB，需要 {needed} MB。"
    ),
    "The database itself is damaged ({why}): restore the last good backup.": (
        "数据库本身已损坏（{why}），请恢复最近一份完好的备份。"
    ),
    "written: {path} ({size})": "已写入：{path}（{size}）",
    "WARNING: the keys are NOT in this file. Without REGULARS_FIELD_KEY and REGULARS_INDEX_KEY "
    "nobody, you included, can read a name, a phone number or an identity in it, ever.": (
        "警告：备份中不含密钥。没有 REGULARS_FIELD_KEY 和 REGULARS_INDEX_KEY，"
        "任何人（包括您自己）都永远无法读出其中的姓名、手机号和身份标识。"
    ),
    "Keep them in another place: {place}.": "请把它们另存他处：{place}。",
    "WARNING: this file holds the keys and so every name in it. Guard it like a key.": (
        "警告：此文件含有密钥，可读出其中所有姓名，请像保管密钥一样保管它。"
    ),
    "{tool} is not installed here (Debian: apt install postgresql-client).": (
        "未安装 {tool}（Debian：apt install postgresql-client）。"
    ),
    "{tool} failed: {why}": "{tool} 执行失败：{why}",
    # restore
    "put a backup back into an empty home, check it and verify every ledger": (
        "把备份恢复到空的数据目录，校验文件并验证每本积分账"
    ),
    "file that `regulars backup` wrote": "`regulars backup` 写出的文件",
    "this home is not empty: set what is there aside first": "数据目录不为空：先把原有数据移到一旁",
    "the keys of the backup are lost: restore although names stay unreadable": (
        "备份的密钥已丢失：仍然恢复，姓名将无法读出"
    ),
    "There is no file {path}.": "没有文件 {path}。",
    "{home} is not empty ({full}): give an empty home, or --replace to set it aside.": (
        "{home} 不为空（{full}）：请换一个空目录，或用 --replace 把它移到一旁。"
    ),
    "unpacking": "解包",
    "{path} is no whole backup: {why}": "{path} 不是完整的备份：{why}",
    "{path} is cut off: its manifest is missing.": "{path} 被截断：缺少清单。",
    "{path} was made by a version that this one cannot read.": (
        "{path} 由当前版本无法读取的版本写出。"
    ),
    "{path} is damaged: {name} is not what the manifest says. Use another backup.": (
        "{path} 已损坏：{name} 与清单不符，请换一份备份。"
    ),
    "The backup is of {theirs}, this home is on {ours}: set or unset DATABASE_URL.": (
        "备份来自 {theirs}，当前使用 {ours}：请设置或取消 DATABASE_URL。"
    ),
    "The keys are not in this backup and not here: give {names} in the environment, "
    "or put the old secrets.json into {home}.": (
        "备份中和此处都没有密钥：请在环境变量中给出 {names}，或把原来的 secrets.json 放入 {home}。"
    ),
    "The keys here are not those of the backup: with other keys no name can be read, and "
    "members would be taken for strangers. Give the old {names}.": (
        "此处的密钥与备份不符：用别的密钥读不出姓名，老会员会被当成陌生人。请给出原来的 {names}。"
    ),
    "The backup is of a newer version ({version}): install that one first.": (
        "备份来自更新的版本（{version}），请先安装该版本。"
    ),
    "The backup is of schema {theirs}, here it is {ours}.": (
        "备份来自模式 {theirs}，此处为 {ours}。"
    ),
    "The database is not empty: give an empty one, or --replace.": (
        "数据库不为空：请换一个空库，或用 --replace。"
    ),
    "{others} others are connected to the database: stop `regulars serve` first.": (
        "还有 {others} 个连接在使用数据库，请先停止 `regulars serve`。"
    ),
    "Somebody uses {path} ({why}): stop `regulars serve` first.": (
        "{path} 正被使用（{why}），请先停止 `regulars serve`。"
    ),
    "loading the database": "载入数据库",
    "schema {name} of the database": "数据库中的模式 {name}",
    "table": "表",
    "backup": "备份",
    "restored": "恢复后",
    "{code}: {points} points outstanding, latest seal {seal}": (
        "{code}：未用积分 {points}，最近封印 {seal}"
    ),
    "set aside: {what} (delete it when all is well)": "已移到一旁：{what}（确认无误后可删除）",
    "NOT as in the backup: {what}": "与备份不符：{what}",
    "restored and verified: everything is as it was at {at}": "恢复并验证完毕：一切与 {at} 时相同",
    "restored, but it does NOT hold: see above": "已恢复，但验证未通过，见上",
    # doctor
    "verify settings, keys, database, ledger, seals, tiers and orders": (
        "检查设置、密钥、数据库、积分账、封印、等级和订单"
    ),
    "exit with 1 for warnings too, as monitors want": "有提醒时也以 1 退出，便于监控",
    "FAULT": "故障",
    "warning": "提醒",
    "all is well": "一切正常",
    "{code}: {points} points outstanding, seal {seal} of {at}": (
        "{code}：未用积分 {points}，封印 {seal}（{at}）"
    ),
    "{code}: {points} points outstanding, not sealed yet": "{code}：未用积分 {points}，尚未封印",
    "{name} is missing or shorter than {count}: run `regulars init`": (
        "{name} 缺失或短于 {count} 个字符：请运行 `regulars init`"
    ),
    "{path} can be read by others: chmod 600 it": "{path} 可被他人读取：请执行 chmod 600",
    "{path} can be entered by others: chmod 700 it": "{path} 可被他人进入：请执行 chmod 700",
    "DEBUG is on: error pages tell strangers how things are inside": (
        "DEBUG 已打开：错误页面会向陌生人透露内部情况"
    ),
    "REGULARS_TEST_CLOCK is on: any key may move its merchant's time": (
        "REGULARS_TEST_CLOCK 已打开：任何密钥都能拨动其商户的时间"
    ),
    "REGULARS_TOTP_OPTIONAL is on: a link signs owners in without a second factor": (
        "REGULARS_TOTP_OPTIONAL 已打开：店主凭链接登录，无需第二因素"
    ),
    "REGULARS_ORIGIN is not https: cookies travel in the clear": (
        "REGULARS_ORIGIN 不是 https：Cookie 以明文传输"
    ),
    "{mb} MB free on the disk of {path}": "{path} 所在磁盘只剩 {mb} MB",
    "The database is not up to date: run `regulars migrate`.": (
        "数据库不是最新，请运行 `regulars migrate`。"
    ),
    "The database is of a newer version: {names}": "数据库来自更新的版本：{names}",
    "SQLite journal_mode is {mode}, not wal": "SQLite 的 journal_mode 是 {mode}，不是 wal",
    "{count} event rows wait, the oldest since {since}: do the jobs run?": (
        "{count} 行事件在等待，最早自 {since}：后台任务在运行吗？"
    ),
    "{count} event rows were tried and failed: see the log": "{count} 行事件处理失败：请查看日志",
    "import of {name} is {status}": "{name} 的导入状态为 {status}",
    "verifying the ledger of {code}": "验证 {code} 的积分账",
    "replaying the tiers of {code}": "重算 {code} 的等级",
    "asking the segments of {code} again": "重新核对 {code} 的分群",
    "comparing the orders of {code}": "核对 {code} 的订单",
    "opening the identities of {code}": "核对 {code} 的身份标识",
}


def tell(text: str, **told: object) -> str:
    """``text``, in the reader's language, with what it tells filled in."""
    words = _ZH.get(text, text) if chinese() else text
    return words.format(**told) if told else words
