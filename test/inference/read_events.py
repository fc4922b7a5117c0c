"""What TensorBoard reads in a folder of event files, as JSON."""

import json
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import plugin_data_pb2

reader = EventAccumulator(sys.argv[1])
reader.Reload()
sessions = {}
for name in ("session_start_info", "session_end_info"):
    try:
        content = reader.SummaryMetadata(f"_hparams_/{name}").plugin_data.content
    except KeyError:
        continue
    data = plugin_data_pb2.HParamsPluginData.FromString(content)
    sessions[name] = data
start = sessions["session_start_info"].session_start_info
kinds = {key: value.WhichOneof("kind") for key, value in start.hparams.items()}
print(
    json.dumps(
        {
            "scalars": {tag: [[each.step, each.value] for each in reader.Scalars(tag)] for tag in reader.Tags()["scalars"]},
            "hparams": {key: getattr(value, kinds[key]) for key, value in start.hparams.items()},
            "group": start.group_name,
            "status": sessions["session_end_info"].session_end_info.status,
        }
    )
)
