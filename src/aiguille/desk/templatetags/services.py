"""What the clinic's pages say of services."""

from django import template

from aiguille.catalogue.prices import price_of

register = template.Library()
register.filter("public_price", price_of)
