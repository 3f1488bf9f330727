"""What a digest counts, and whom a notice names: nobody is left out of a number or a list."""

from datetime import datetime

from notifiers.notices import unreached
from notifiers.summary import Item, Names, digest_text
from rules.grade import Grade
from tests.notifiers.announced import bulletin

TOWN: Names = {"zh": "清溪镇", "en": "Qingxi"}
RIVER: Names = {"zh": "河道水位", "en": "River stage"}
RAIN: Names = {"zh": "暴雨", "en": "Rain"}
NOON = datetime(2026, 6, 4, 12, 0)


def item(incident: str, title: Names, grade: Grade | None, warnings: int, **of: bool) -> Item:
    where = {"zh": f"村{incident}", "en": f"Village {incident}"}
    return Item(incident, title, where, grade, warnings, of.get("fresh", True), of.get("over", False))


def test_a_digest_counts_warnings_by_hazard_and_grade_the_gravest_first() -> None:
    items = [
        item("1", RIVER, Grade.YELLOW, 3),
        item("2", RIVER, Grade.ORANGE, 2),
        item("3", RAIN, Grade.BLUE, 4, over=True),
        item("4", RAIN, Grade.YELLOW, 5, fresh=False),
        item("5", RAIN, Grade.BLUE, 6, fresh=False, over=True),
    ]

    told = digest_text("d-1", TOWN, items, NOON)

    assert told["zh"] == (
        "预警汇总：清溪镇，6月4日12:00。另有9条预警：河道水位橙色2、黄色3；暴雨蓝色4。其中已解除4条。"
        "级别变化：暴雨黄色5。此前发布的已解除1条。地点：村1、村2、村3、村4、村5。编号1、2、3、4、5。"
        "全部清单请询值班室：d-1"
    )
    assert told["en"] == (
        "DIGEST: Qingxi, 2026-06-04 12:00. 9 more warnings: River stage: orange 2, yellow 3; Rain: blue 4. "
        "4 of them over already. changed: Rain: yellow 5. 1 told earlier are over. Places: Village 1, Village"
        " 2, Village 3, Village 4, Village 5. Ids 1, 2, 3, 4, 5. Ask the duty room for d-1"
    )


def test_whoever_was_not_reached_is_named_each_in_both_languages() -> None:
    told = unreached(bulletin(), ["ana", "bo", "horn-1"])

    assert told["zh"].startswith("未能通知ana、bo、horn-1，请设法通知：红色")
    assert told["en"].startswith("NOT REACHED: ana, bo, horn-1. Please see that they know: RED")
