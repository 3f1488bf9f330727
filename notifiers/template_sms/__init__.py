"""SMS over the clouds that send nothing but templates they have approved beforehand."""

from notifiers.template_sms.channel import TemplateSmsChannel
from notifiers.template_sms.provider import Provider, Sms
from notifiers.template_sms.template import Limits, Template, Terms, check_lengths

__all__ = ["Limits", "Provider", "Sms", "Template", "TemplateSmsChannel", "Terms", "check_lengths"]
