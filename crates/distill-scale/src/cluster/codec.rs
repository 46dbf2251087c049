//! The fold as bytes, for plans that go to other processes.

use std::{path::PathBuf, sync::Arc};

use ballista_core::serde::BallistaPhysicalExtensionCodec;
use datafusion::{
    error::{DataFusionError, Result},
    execution::TaskContext,
    physical_plan::ExecutionPlan,
};
use datafusion_proto::physical_plan::{PhysicalExtensionCodec, PhysicalProtoConverterExtension};
use serde::{Deserialize, Serialize};

use crate::reduce::{ReduceExec, Reduction};

/// What a fold's bytes begin with; no message of Ballista does.
const MARK: &[u8] = b"\0distill-scale 1\0";

/// Ballista's operators and the fold.
#[derive(Debug, Default)]
pub(crate) struct ScaleCodec {
    ballista: BallistaPhysicalExtensionCodec,
}

/// A fold without its input.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sent {
    reduction: Reduction,
    folder: PathBuf,
}

impl PhysicalExtensionCodec for ScaleCodec {
    fn try_decode(
        &self,
        bytes: &[u8],
        inputs: &[Arc<dyn ExecutionPlan>],
        context: &TaskContext,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let Some(json) = bytes.strip_prefix(MARK) else {
            return self.ballista.try_decode(bytes, inputs, context, converter);
        };
        let sent: Sent =
            serde_json::from_slice(json).map_err(|error| DataFusionError::External(Box::new(error)))?;
        match inputs {
            [input] => Ok(Arc::new(ReduceExec::new(
                Arc::clone(input),
                sent.reduction,
                sent.folder,
            ))),
            _ => Err(DataFusionError::Plan(format!(
                "a fold has one input, not {}",
                inputs.len()
            ))),
        }
    }

    fn try_encode(
        &self,
        node: Arc<dyn ExecutionPlan>,
        bytes: &mut Vec<u8>,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<()> {
        let Some(fold) = node.downcast_ref::<ReduceExec>() else {
            return self.ballista.try_encode(node, bytes, converter);
        };
        let sent = Sent {
            reduction: fold.reduction.clone(),
            folder: fold.folder.clone(),
        };
        bytes.extend_from_slice(MARK);
        serde_json::to_writer(bytes, &sent).map_err(|error| DataFusionError::External(Box::new(error)))
    }
}

#[cfg(test)]
mod tests {
    use datafusion::{arrow::datatypes::Schema, physical_plan::empty::EmptyExec, prelude::SessionContext};
    use datafusion_proto::physical_plan::DefaultPhysicalProtoConverter;
    use distill_data::{ConfidenceCut, ConfidenceKind, ConfidenceRule, UnknownConfidence};

    use super::*;

    #[test]
    fn a_fold_comes_back_as_it_was_sent() {
        let input: Arc<dyn ExecutionPlan> = Arc::new(EmptyExec::new(Arc::new(Schema::empty())));
        let cut = ConfidenceCut {
            least: 0.7 + 0.1,
            kept: 20,
            precision: 2.0 / 3.0,
            interval: (1.0 / 3.0, 1.0),
        };
        let reduction = Reduction::Fates {
            confidence: ConfidenceRule {
                min_confidence: 0.1 + 0.2,
                unknown: UnknownConfidence::Review,
                cuts: [
                    (ConfidenceKind::SelfReported, Some(cut)),
                    (ConfidenceKind::Votes, None),
                ]
                .into(),
            },
            labels: vec!["a".into(), "b \"quoted\"".into()],
            gold: vec!["gold\n1".into()],
            parts: vec!["heldout".into()],
        };
        let fold = ReduceExec::new(Arc::clone(&input), reduction.clone(), "some/folder".into());
        let codec = ScaleCodec::default();
        let converter = DefaultPhysicalProtoConverter {};
        let mut bytes = Vec::new();
        codec.try_encode(Arc::new(fold), &mut bytes, &converter).unwrap();
        let context = SessionContext::new().task_ctx();
        let inputs = [input];
        let read = codec.try_decode(&bytes, &inputs, &context, &converter).unwrap();
        let read = read.downcast_ref::<ReduceExec>().unwrap();
        assert_eq!(
            (&read.reduction, read.folder.to_str()),
            (&reduction, Some("some/folder"))
        );
        for end in 0..bytes.len() {
            assert!(
                codec
                    .try_decode(&bytes[..end], &inputs, &context, &converter)
                    .is_err(),
                "{end}"
            );
        }
    }
}
