{#-
    Whether a number is one that reports can add up: not NaN, not infinite, and of at most that
    many digits before the point. Others are typing errors that would fit nowhere, and stop the
    build of everybody.
-#}
{% macro is_bounded(number, digits=12) -%}
(
    abs({{ number }}) < 1e{{ digits }}
)
{%- endmacro %}
