{#-
    The rule by which small counts are withheld, in PL/pgSQL. The counts of a table are the
    flows of a network: what flows into a sum flows out of it. A small count is safe when the
    others that are withheld can make room for each number from 1 to the minimum − 1 in its
    place; until they can, the cheapest further counts are withheld too.
-#}
{% macro withheld_cells_body() -%}
declare
    size int := cardinality(counts);
    endless constant bigint := 1000000000000000;
    sums text[] := array(
        select distinct sum.name from unnest(tails || heads) as sum (name) order by sum.name
    );
    tail int[];
    head int[];
    low bigint[];
    high bigint[];
    price bigint[];
    is_small boolean[];
    is_beneath boolean[] := array_fill(false, array[size]);
    is_withheld boolean[];
    is_hollow boolean;
    flow bigint[];
    cost bigint[];
    via int[];
    wanted bigint;
    room bigint;
    first int;
    last int;
    place int;
    arc int;
    is_upwards boolean;
    found int[];
begin
    for i in 1..size loop
        tail[i] := array_position(sums, tails[i]);
        head[i] := array_position(sums, heads[i]);
        is_small[i] := people[i] < minimum;
    end loop;
    if not (true = any(is_small)) then
        return array_fill(0, array[size]);
    end if;
    is_withheld := is_small;
    -- the parts of a small sum are not told at all: that there are two would tell its least
    for i in 1..size loop
        if is_small[i] then
            for j in 1..size loop
                if
                    is_small[j] and levels[j] < levels[i]
                    and (levels[j] = 0 or head[j] = tail[i] or tail[j] = head[i])
                then
                    is_beneath[i] := true;
                    exit;
                end if;
            end loop;
        end if;
        low[i] := case when is_beneath[i] then 0 when is_small[i] then 1 else minimum end;
        high[i] := case when is_small[i] then greatest(minimum - 1, counts[i]) else endless end;
        -- parts go before sums, and small numbers before large ones
        price[i] := counts[i] + case levels[i] when 0 then 1000000000000 when 1 then 1000000 else 0 end;
    end loop;

    for small in 1..size loop
        continue when not is_small[small];
        -- downwards to 1, then upwards to the minimum − 1
        foreach is_upwards in array array[false, true] loop
            flow := counts;
            if is_upwards then
                wanted := greatest(minimum - 1 - counts[small], 0);
                first := head[small];
                last := tail[small];
            else
                wanted := least(counts[small] - 1, minimum - 2);
                first := tail[small];
                last := head[small];
            end if;
            while wanted > 0 loop
                -- the cheapest way round, by counts that can still rise or fall
                cost := array_fill(endless, array[cardinality(sums)]);
                via := array_fill(0, array[cardinality(sums)]);
                cost[first] := 0;
                loop
                    arc := 0;
                    for i in 1..size loop
                        continue when i = small;
                        room := case when is_withheld[i] then 0 else price[i] end;
                        if cost[tail[i]] + room < cost[head[i]] and flow[i] < high[i] then
                            cost[head[i]] := cost[tail[i]] + room;
                            via[head[i]] := i;
                            arc := i;
                        elsif cost[head[i]] + room < cost[tail[i]] and flow[i] > low[i] then
                            cost[tail[i]] := cost[head[i]] + room;
                            via[tail[i]] := -i;
                            arc := i;
                        end if;
                    end loop;
                    exit when arc = 0;
                end loop;
                -- nothing makes room: the whole table is withheld
                if cost[last] = endless then
                    return array(
                        select case lev.level when 0 then 1 else 2 end
                        from unnest(levels) with ordinality as lev (level, number)
                        order by lev.number
                    );
                end if;
                room := wanted;
                place := last;
                while place <> first loop
                    arc := via[place];
                    if arc > 0 then
                        room := least(room, high[arc] - flow[arc]);
                        place := tail[arc];
                    else
                        room := least(room, flow[-arc] - low[-arc]);
                        place := head[-arc];
                    end if;
                end loop;
                place := last;
                while place <> first loop
                    arc := via[place];
                    is_withheld[abs(arc)] := true;
                    flow[abs(arc)] := flow[abs(arc)] + sign(arc) * room;
                    place := case when arc > 0 then tail[arc] else head[-arc] end;
                end loop;
                wanted := wanted - room;
            end loop;
        end loop;
    end loop;

    for i in 1..size loop
        -- people of a sum across, of which a part is withheld: they are no sum of parts
        is_hollow := false;
        if levels[i] > 0 and not is_withheld[i] then
            for j in 1..size loop
                if is_withheld[j] and levels[j] > levels[i] and head[j] = tail[i] then
                    is_hollow := true;
                    exit;
                end if;
            end loop;
        end if;
        found[i] := case
            when is_beneath[i] then 2
            when is_withheld[i] then 1
            when is_hollow then 3
            else 0
        end;
    end loop;
    return found;
end
{%- endmacro %}
