"""How every form is drawn, allauth's included; the forms themselves live in their rooms."""

from django.forms.renderers import TemplatesSetting


class HouseRenderer(TemplatesSetting):
    """Draws `{{ form }}` and `{{ form.x.as_field_group }}` with the templates in components/."""

    form_template_name = "components/form.html"
    field_template_name = "components/field.html"
