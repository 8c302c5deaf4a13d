"""Words of the rules' pages."""

from decimal import Decimal

from django import template

from aiguille.catalogue.rule_values import RuleChange
from aiguille.desk.rules import words
from aiguille.journeys.reads.rules import ValueLine
from aiguille.kernel.decisions import Decision
from aiguille.kernel.labels import label
from aiguille.kernel.text import Text
from aiguille.plumbing.components.shapes import Label

register = template.Library()


@register.filter
def subject_name(subject: str) -> Label:
    """Return a subject of the rules in words."""
    return words.SUBJECTS.get(subject, subject)


@register.filter
def value_name(line: ValueLine) -> str:
    """Return what a value is, with the case or zone that it is for."""
    return words.setting_name(line.setting)


@register.filter
def change_name(change: RuleChange) -> str:
    """Return which value a change gave."""
    return words.setting_name(change.setting)


@register.filter
def with_unit(value: Decimal, unit: str) -> str:
    """Return a value with its unit."""
    return words.amount(value, unit)


@register.filter
def says(message: Text) -> str:
    """Return what a rule says, its blanks shown as such."""
    return words.message_of(message)


@register.filter
def plain_number(value: Decimal) -> str:
    """Return a value alone, as the page's language writes it."""
    return words.number(value)


@register.filter
def decision_word(code: Decision) -> str:
    """Return a decision in words."""
    return label(code).in_language(words.language())
