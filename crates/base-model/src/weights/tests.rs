use std::io::Write;

use super::*;

fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    file
}

fn safetensors(header: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(header.as_bytes());
    bytes.extend_from_slice(data);
    bytes
}

#[test]
fn three_float_types_read_as_f32() {
    let header = r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F16","shape":[1],"data_offsets":[4,6]},"c":{"dtype":"BF16","shape":[1],"data_offsets":[6,8]}}"#;
    let mut data = 1.5_f32.to_le_bytes().to_vec();
    data.extend(f16::from_f32(-2.25).to_le_bytes());
    data.extend(bf16::from_f32(0.5).to_le_bytes());
    let file = file(&safetensors(header, &data));
    let weights = WeightFiles::open(file.path()).unwrap();
    assert_eq!(weights.read("a").unwrap().values, [1.5]);
    assert_eq!(weights.read("b").unwrap().values, [-2.25]);
    assert_eq!(weights.read("c").unwrap().values, [0.5]);
    assert!(matches!(weights.read("d"), Err(WeightsError::Missing { .. })));
}

#[test]
fn files_that_lie_are_format_errors() {
    let lies = [
        // Offsets beyond the data.
        safetensors(
            r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#,
            &[0; 4],
        ),
        // A shape that does not fit its offsets.
        safetensors(
            r#"{"a":{"dtype":"F32","shape":[9],"data_offsets":[0,4]}}"#,
            &[0; 4],
        ),
        // A shape whose product overflows.
        safetensors(
            r#"{"a":{"dtype":"F32","shape":[4294967296,4294967296,4294967296],"data_offsets":[0,4]}}"#,
            &[0; 4],
        ),
        // A header longer than the file.
        u64::MAX.to_le_bytes().to_vec(),
        // Cut off in the middle of the header.
        safetensors(
            r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
            &[0; 4],
        )[..20]
            .to_vec(),
        Vec::new(),
    ];
    for lie in lies {
        let file = file(&lie);
        let error = WeightFiles::open(file.path()).unwrap_err();
        assert!(matches!(error, WeightsError::Format { .. }), "{error:?}");
    }
}

#[test]
fn an_index_that_leads_out_of_the_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let index = r#"{"weight_map":{"a":"../../etc/passwd"}}"#;
    fs::write(folder.path().join("model.safetensors.index.json"), index).unwrap();
    let error = WeightFiles::open_folder(folder.path()).unwrap_err();
    assert!(matches!(error, WeightsError::Index { .. }), "{error:?}");
}

#[test]
fn shards_are_read_as_one() {
    let folder = tempfile::tempdir().unwrap();
    for (name, value) in [("a", 1.0_f32), ("b", 2.0)] {
        let header = format!(r#"{{"{name}":{{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}}}"#);
        let bytes = safetensors(&header, &value.to_le_bytes());
        fs::write(folder.path().join(format!("{name}.safetensors")), bytes).unwrap();
    }
    let index = r#"{"metadata":{},"weight_map":{"a":"a.safetensors","b":"b.safetensors"}}"#;
    fs::write(folder.path().join("model.safetensors.index.json"), index).unwrap();
    let weights = WeightFiles::open_folder(folder.path()).unwrap();
    assert_eq!(weights.read("b").unwrap().values, [2.0]);
}

proptest::proptest! {
    /// Whatever the bytes, the answer is a value or an error.
    #[test]
    fn hostile_bytes_never_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
        let _ = WeightFiles::open(file(&bytes).path());
    }

    /// Damage to a sound file is noticed or leaves every tensor readable.
    #[test]
    fn a_damaged_header_never_panics(at in 0_usize..70, byte in proptest::prelude::any::<u8>()) {
        let header = r#"{"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]}}"#;
        let mut bytes = safetensors(header, &[1; 8]);
        let at = at % bytes.len();
        bytes[at] = byte;
        if let Ok(weights) = WeightFiles::open(file(&bytes).path()) {
            for name in weights.names().map(str::to_owned).collect::<Vec<_>>() {
                let _ = weights.read(&name);
            }
        }
    }
}

#[test]
fn what_is_written_reads_back_with_its_note() {
    let folder = tempfile::tempdir().unwrap();
    let device = crate::device_by_name("flex").unwrap();
    let values: Vec<f32> = (0..6).map(|i| i as f32 * 0.3 - 0.7).collect();
    let matrix = Tensor::<2>::from_data(TensorData::new(values.clone(), [2, 3]), &device);
    let vector = matrix.clone().narrow(0, 0, 1);
    for (precision, tolerance) in [(Precision::F32, 0.0), (Precision::F16, 1e-3)] {
        let mut writer = WeightWriter::with_note(precision, "run", "7");
        writer.push("matrix", &matrix, false);
        writer.push("vector", &vector, true);
        let path = folder.path().join("tensors.safetensors");
        writer.write(&path).unwrap();
        assert_eq!(writer.to_bytes().unwrap(), fs::read(&path).unwrap());
        let files = WeightFiles::open(&path).unwrap();
        assert_eq!((files.note("run"), files.note("format")), (Some("7"), None));
        assert_eq!(files.shape("vector"), Some(&[3][..]));
        let found = files.read("matrix").unwrap();
        assert_eq!(found.shape, [2, 3]);
        for (a, b) in found.values.iter().zip(&values) {
            assert!((a - b).abs() <= tolerance, "{a} and {b}");
        }
    }
    assert_eq!(
        WeightFiles::open(&folder.path().join("tensors.safetensors"))
            .unwrap()
            .names()
            .collect::<Vec<_>>(),
        ["matrix", "vector"]
    );
}

#[test]
fn two_tensors_of_one_name_are_refused() {
    let device = crate::device_by_name("flex").unwrap();
    let value = Tensor::<2>::ones([1, 2], &device);
    let mut writer = WeightWriter::new(Precision::F32);
    writer.push("twice", &value, false);
    writer.push("twice", &value, false);
    assert!(matches!(writer.to_bytes(), Err(WeightWriterError::SameName { name }) if name == "twice"));
}
