//! Running graphs on ONNX Runtime, as much as verifying them needs.

use std::collections::BTreeMap;
use std::path::Path;

use ort::environment::Environment;
use ort::memory::Allocator;
use ort::session::{Session, SessionInputValue};
use ort::value::{
    DynTensor, DynValue, Outlet, PrimitiveTensorElementType, Tensor, TensorElementType, ValueType,
};

use crate::onnx::GraphFile;

/// Values by the names that graphs give them.
pub(super) type Values = BTreeMap<String, DynValue>;

/// A graph that can be run.
#[derive(Debug)]
pub(super) struct Runner {
    session: Session,
}

impl Runner {
    /// Loads the graph in the file at `path`.
    pub(super) fn load(environment: &Environment, path: &Path) -> Result<Self, String> {
        let text = |error: String| format!("{}: {error}", path.display());
        let file = GraphFile::Disk(path.to_owned());
        file.check().map_err(|error| text(error.to_string()))?;
        let session = Session::builder(environment)
            .map_err(|error| error.to_string())
            .and_then(|builder| builder.with_intra_threads(1).map_err(|e| e.to_string()))
            .and_then(|builder| {
                let quiet = builder.with_intra_op_spinning(false);
                quiet.map_err(|error| error.to_string())
            })
            .and_then(|mut builder| builder.commit_from_file(path).map_err(|e| e.to_string()))
            .map_err(text)?;
        Ok(Self { session })
    }

    /// Whether the graph has an input of that name.
    pub(super) fn takes(&self, name: &str) -> bool {
        self.session
            .inputs()
            .iter()
            .any(|input| input.name() == name)
    }

    /// Whether the graph has an output of that name.
    pub(super) fn gives(&self, name: &str) -> bool {
        let mut outputs = self.session.outputs().iter();
        outputs.any(|output| output.name() == name)
    }

    /// The names of the inputs that begin so.
    pub(super) fn inputs(&self, prefix: &str) -> Vec<String> {
        let names = self.session.inputs().iter().map(Outlet::name);
        names
            .filter(|name| name.starts_with(prefix))
            .map(str::to_owned)
            .collect()
    }

    /// Runs the graph with those of `values` that it takes, and adds its outputs to them, under
    /// the names that `rename` gives them.
    pub(super) fn run(
        &mut self,
        values: &mut Values,
        rename: impl Fn(&str) -> String,
    ) -> Result<(), String> {
        self.run_all(values, Vec::new(), rename)
    }

    fn run_all(
        &mut self,
        values: &mut Values,
        more: Vec<(String, SessionInputValue<'_>)>,
        rename: impl Fn(&str) -> String,
    ) -> Result<(), String> {
        let mut inputs = more;
        let taken = values
            .iter()
            .filter(|(name, _)| self.session.inputs().iter().any(|i| i.name() == *name));
        inputs.extend(taken.map(|(name, value)| (name.clone(), value.into())));
        let names: Vec<String> = self
            .session
            .outputs()
            .iter()
            .map(|output| output.name().to_owned())
            .collect();
        let mut outputs = self
            .session
            .run(inputs)
            .map_err(|error| error.to_string())?;
        let made: Vec<(String, DynValue)> = names
            .iter()
            .filter_map(|name| Some((rename(name), outputs.remove(name)?)))
            .collect();
        drop(outputs);
        values.extend(made);
        Ok(())
    }

    /// The same, with values of which each goes by a prefix and its number: as many for each prefix.
    pub(super) fn run_with<const N: usize>(
        &mut self,
        values: &mut Values,
        prefixes: [&str; N],
        numbered: Vec<SessionInputValue<'_>>,
    ) -> Result<(), String> {
        let count = numbered.len() / N.max(1);
        let names = prefixes
            .iter()
            .flat_map(|prefix| (0..count).map(move |n| format!("{prefix}{n}")));
        self.run_all(values, names.zip(numbered).collect(), str::to_owned)
    }

    /// What the elements of the input of that name are.
    pub(super) fn element(&self, name: &str) -> Result<TensorElementType, String> {
        let mut inputs = self.session.inputs().iter();
        let found = inputs.find(|input| input.name() == name);
        found
            .and_then(|input| input.dtype().tensor_type())
            .ok_or_else(|| format!("the graph takes no tensor `{name}`"))
    }

    /// A tensor without elements for the input of that name, with `rows` rows: sizes that are not
    /// fixed are 0.
    pub(super) fn empty(&self, name: &str, rows: usize) -> Result<DynValue, String> {
        let found = self
            .session
            .inputs()
            .iter()
            .find(|input| input.name() == name);
        let Some(ValueType::Tensor { ty, shape, .. }) = found.map(Outlet::dtype) else {
            return Err(format!("the graph takes no tensor `{name}`"));
        };
        let mut sizes: Vec<i64> = shape.iter().map(|size| (*size).max(0)).collect();
        if let Some(first) = sizes.first_mut() {
            *first = i64::try_from(rows).unwrap_or_default();
        }
        empty_of(*ty, sizes)
    }
}

fn empty_of(element: TensorElementType, sizes: Vec<i64>) -> Result<DynValue, String> {
    let tensor = DynTensor::new(&Allocator::default(), element, sizes);
    tensor
        .map(ort::value::Value::into_dyn)
        .map_err(|error| error.to_string())
}

/// A tensor of whole numbers.
pub(super) fn integers(shape: &[usize], values: Vec<usize>) -> Result<DynValue, String> {
    let values: Vec<i64> = values
        .into_iter()
        .map(|value| i64::try_from(value).unwrap_or(i64::MAX))
        .collect();
    let tensor = Tensor::from_array((shape.to_vec(), values));
    tensor
        .map(ort::value::Value::into_dyn)
        .map_err(|error| error.to_string())
}

/// A tensor of small numbers.
pub(super) fn small(shape: &[usize], values: Vec<u8>) -> Result<DynValue, String> {
    let tensor = Tensor::from_array((shape.to_vec(), values));
    tensor
        .map(ort::value::Value::into_dyn)
        .map_err(|error| error.to_string())
}

/// A tensor of one truth value.
pub(super) fn truth(value: bool) -> Result<DynValue, String> {
    let tensor = Tensor::from_array(([1_usize], vec![value]));
    tensor
        .map(ort::value::Value::into_dyn)
        .map_err(|error| error.to_string())
}

/// The numbers in the value of that name.
pub(super) fn floats<'a>(values: &'a Values, name: &str) -> Result<&'a [f32], String> {
    numbers(values, name)
}

/// The numbers in the value of that name, whichever they are.
pub(super) fn numbers<'a, T: PrimitiveTensorElementType>(
    values: &'a Values,
    name: &str,
) -> Result<&'a [T], String> {
    let value = values
        .get(name)
        .ok_or_else(|| format!("the graph has no output `{name}`"))?;
    let (_, numbers) = value
        .try_extract_tensor::<T>()
        .map_err(|error| error.to_string())?;
    Ok(numbers)
}
