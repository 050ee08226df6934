{#-
    A mart: dbt builds and tests it in schema `marts_candidate`, over the builder's views.
    Its definition over the gate's views is kept; publication writes it into `marts`.
-#}
{% materialization mart, adapter='postgres' %}
    {%- set target_relation = this.incorporate(type='view') -%}
    {%- set release = released_run(
        "select nullif(current_setting('almoner.release', true), '')::int"
    ).rows[0][0] -%}
    {%- if release is none -%}
        {%- do exceptions.raise_compiler_error(
            model.name ~ ": no release is open for this mart; run `almoner build`"
        ) -%}
    {%- endif -%}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- do released_run('select almoner.fence(' ~ release ~ ')') -%}
    {%- do get_assert_columns_equivalent(sql) -%}
    {%- set flat = flattened(sql) -%}
    {%- call statement('main') -%}
        {{ replace_view(target_relation, flat) }}
    {%- endcall -%}
    {%- do persist_docs(target_relation, model) -%}
    {%- do released_run(mart_definition(model, flat, release)) -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
