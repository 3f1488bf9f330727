"""Rules across sensors: zones, gateways and neighbourhoods, judged by counting their sensors."""

from rules.engine.groups.functions import group_needs, is_group_rule
from rules.engine.groups.judge import GroupJudge
from rules.engine.groups.kept import GroupState
from rules.engine.groups.ladder import Setting

__all__ = ["GroupJudge", "GroupState", "Setting", "group_needs", "is_group_rule"]
