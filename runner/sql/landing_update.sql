update {raw} as cur
set {assignments}
from {landing} as inc
where {same_key}
