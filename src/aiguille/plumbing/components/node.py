"""How `{% ui %}` and `{% wrap %}` render a component: one template with declared arguments.

A component is `templates/components/<name>.html`. Its first line is a comment that declares
its arguments: `{# title! lead tone=plain #}` says that `title` must be given, that `lead` is
optional and empty, and that `tone` is "plain" unless given. An argument that is not declared
is refused, so a misspelt one is an error at the first rendering and not a page that lacks
something. Arguments that begin with `hx_`, `data_` or `aria_` are accepted everywhere and
reach the component's main element as `{{ attrs }}`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from django.template import Context, Engine, NodeList, TemplateSyntaxError
from django.template.base import FilterExpression, Node
from django.template.base import Template as BaseTemplate
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

_DECLARATION = re.compile(r"\A\{#\s*(?P<arguments>[^#]*?)\s*#\}")
_ATTRIBUTE = re.compile(r"\A(hx|data|aria)_\w+\Z")
_PARTS = "component_parts"
_INHERITED = ("request", "csrf_token", "messages", "perms", "user")


@dataclass(frozen=True, slots=True)
class Signature:
    """The declared arguments of a component."""

    required: frozenset[str]
    defaults: Mapping[str, str]

    def values(self, name: str, given: Mapping[str, object]) -> dict[str, object]:
        """Return the component's variables, defaults included.

        Raises:
            TemplateSyntaxError: an argument is unknown, or a required one is missing.
        """
        unknown = given.keys() - self.required - self.defaults.keys()
        if unknown:
            raise TemplateSyntaxError(
                f"component {name!r} does not take {sorted(unknown)}; it takes "
                f"{sorted(self.required)} and may take {sorted(self.defaults)}"
            )
        missing = self.required - given.keys()
        if missing:
            raise TemplateSyntaxError(f"component {name!r} lacks {sorted(missing)}")
        return {**self.defaults, **given}


@lru_cache(maxsize=256)
def read_signature(source: str) -> Signature:
    """Read the declaration on the first line of a component's template.

    Raises:
        TemplateSyntaxError: the template does not begin with a declaration.
    """
    found = _DECLARATION.match(source)
    if found is None:
        raise TemplateSyntaxError("a component begins with {# its arguments #}")
    required: set[str] = set()
    defaults: dict[str, str] = {}
    for word in found["arguments"].split():
        argument, _, default = word.partition("=")
        if argument.endswith("!"):
            required.add(argument[:-1])
        else:
            defaults[argument] = default
    return Signature(required=frozenset(required), defaults=defaults)


def flatten_attributes(attributes: Mapping[str, object]) -> SafeString:
    """Return ` hx-get="/x" data-a="b"`, escaped; None and False are left out, True stands alone."""
    shown = [
        (name.replace("_", "-"), value)
        for name, value in attributes.items()
        if value is not None and value is not False
    ]
    return format_html_join(
        "", ' {}="{}"', ((name, "true" if value is True else value) for name, value in shown)
    )


class ComponentNode(Node):
    """One use of a component in a page, with or without a body."""

    child_nodelists = ("nodelist",)

    def __init__(
        self, name: str, arguments: Mapping[str, FilterExpression], nodelist: NodeList
    ) -> None:
        self.name = name
        self.arguments = arguments
        self.nodelist = nodelist

    def render(self, context: Context) -> SafeString:
        """Render the body in the page's context, then the component in its own."""
        given = {key: value.resolve(context) for key, value in self.arguments.items()}
        attributes = {key: given.pop(key) for key in list(given) if _ATTRIBUTE.match(key)}
        template = _find(context, self.name)
        variables = read_signature(str(template.source)).values(self.name, given)
        parts: dict[str, SafeString] = {}
        with context.push(**{_PARTS: parts}):
            variables["body"] = self.nodelist.render(context)
        variables["parts"] = parts
        variables["attrs"] = flatten_attributes(attributes)
        for key in _INHERITED:
            if key in context and key not in variables:
                variables[key] = context[key]
        return template.render(context.new(variables))


class PartNode(Node):
    """A named piece inside a `{% wrap %}`, which the component puts where it wants."""

    def __init__(self, name: str, nodelist: NodeList) -> None:
        self.name = name
        self.nodelist = nodelist

    def render(self, context: Context) -> SafeString:
        """Hand the rendered piece to the surrounding component; show nothing here."""
        parts = context.get(_PARTS)
        if parts is None:
            raise TemplateSyntaxError(f"part {self.name!r} stands outside of a wrap")
        parts[self.name] = self.nodelist.render(context)
        return SafeString("")


def _find(context: Context, name: str) -> BaseTemplate:
    engine = context.template.engine if context.template else Engine.get_default()
    return engine.get_template(f"components/{name}.html")
