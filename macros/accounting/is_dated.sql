{#-
    Whether an instant or a date is one: infinity and the year 1 are typing errors that would
    stretch every report by centuries, or stop it.
-#}
{% macro is_dated(moment) -%}
(
    {{ moment }} >= '1900-01-01' and {{ moment }} < '2200-01-01'
) is true
{%- endmacro %}
