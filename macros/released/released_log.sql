{#- Notes that a model was built by this release, and that its feed has news. -#}
{% macro released_log(node, plan) %}
    insert into almoner.model_builds (model, release_id, definition)
    select model, release_id, definition
    from almoner.plans
    where release_id = {{ plan.release }} and model = '{{ node.name }}'
    on conflict (model, release_id) do nothing;

    insert into almoner.feed_log (feed, release_id, is_full)
    {% if plan.is_first_fill %}
    select '{{ node.name }}', {{ plan.release }}, true
    where exists (select from store.{{ adapter.quote(node.name) }})
    {% else %}
    select '{{ node.name }}', {{ plan.release }}, false
    where exists (
        select from feed.{{ adapter.quote(node.name) }} where release_id = {{ plan.release }}
    )
    {% endif %}
    on conflict (feed, release_id) do nothing;
{% endmacro %}
