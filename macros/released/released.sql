{#-
    One model of a release. Its table lives in schema `store`, is created once and never
    swapped; every row says from which release on it holds and in which it was superseded.
    The model's SQL is an ordinary select: only the scopes that changed inputs touch are
    recomputed, and only rows that really differ are written.
-#}
{% materialization released, adapter='postgres' %}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {#- 1. What the build planned for this model. Without an open release we stop here. -#}
    {%- set plan = released_plan(model) -%}
    {%- set target_relation = this.incorporate(type='view') -%}
    {%- set flat = flattened(sql) -%}

    {#- 2. The table and its policies, where they are missing or changed. -#}
    {%- set added = {} -%}
    {%- if plan.mode == 'full' -%}
        {%- do get_assert_columns_equivalent(sql) -%}
        {%- set added = released_prepare(model) -%}
    {%- endif -%}
    {%- if plan.mode == 'full' and released_is_empty(model) -%}
        {%- do plan.update({'is_first_fill': true}) -%}
    {%- else -%}
        {#- 3. The candidate rows. -#}
        {%- do released_compute(model, flat, plan) -%}
    {%- endif -%}

    {#- 4. Columns that the contract gained, and the builder's view. -#}
    {%- if added -%}
        {%- do released_add_columns(model, added) -%}
        {%- do released_run(released_indexes(model)) -%}
    {%- endif -%}
    {%- if plan.mode == 'full' -%}
        {%- do released_run(released_view(model, target_relation)) -%}
        {%- do persist_docs(target_relation, model) -%}
    {%- endif -%}

    {#- 5. What differs: retired, inserted and fed onward. -#}
    {%- if plan.is_first_fill -%}
        {%- do released_first_fill(model, flat, plan.release) -%}
        {%- call statement('main') -%}
            {{ released_indexes(model) }}
            analyze store.{{ adapter.quote(model.name) }}
        {%- endcall -%}
    {%- else -%}
        {%- do released_supersede(model, plan) -%}
    {%- endif -%}
    {%- do released_close(model, plan) -%}

    {#- 6. The gate for readers, where it is missing or changed: last, for they wait for it. -#}
    {%- if plan.mode == 'full' -%}
        {%- do released_gate(model) -%}
    {%- endif -%}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
