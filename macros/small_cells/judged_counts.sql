{#-
    Judges counts by the policy of their tenant: gives `table`, `part`, `carried`, the two counts
    and a `status` for each row of `relation`: 0 shown, 1 withheld, 2 not listed, 3 people
    withheld. The relation, named once so that one table can be computed by itself, has beside
    these `tail_sum`, `head_sum`, `level` and `minimum_patients` (null: all shown).
-#}
{% macro judged_counts(relation, table, counts, people, carried) -%}
    {%- set listed = carried + ['part', counts, people] -%}
    (
        select
            {%- for column in table %}
            tab.{{ column }},
            {%- endfor %}
            cel.*
        from (
            select
                {{ table | join(', ') }},
                {%- for column in listed %}
                array_agg({{ column }} order by part) as {{ column }}_list,
                {%- endfor %}
                case
                    when max(minimum_patients) is null
                        then array_fill(0, array[count(*)::int])
                    else {{ withheld_cells() }}(
                        array_agg(tail_sum order by part),
                        array_agg(head_sum order by part),
                        array_agg(level order by part),
                        array_agg({{ counts }} order by part),
                        array_agg({{ people }} order by part),
                        max(minimum_patients)
                    )
                end as status_list
            from {{ relation }}
            group by {{ table | join(', ') }}
        ) as tab
        cross join lateral unnest(
            {% for column in listed %}tab.{{ column }}_list, {% endfor %}tab.status_list
        ) as cel ({{ listed | join(', ') }}, status)
    ) as judged
{%- endmacro %}
