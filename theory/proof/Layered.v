(** * Layered networks, of any depth and any sizes

    The words of the theorems about layered networks; a trusted file, like [Vocabulary.v].

    Layers are counted from the output: layer 0 is the output, the last one before the input is
    layer [depth L - 1].  The weights [W_n] between the layers [n] and [n + 1] carry signals both
    ways.  Every layer has an activation: tanh, the sigmoid or the identity.  The samples of a
    mini-batch have states of their own and share the parameters. *)

From Coq Require Import Reals Lra List PeanoNat.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Spaces Dynamics Network Vocabulary.
Set Implicit Arguments.
Open Scope R_scope.

(** ** Activations *)

Inductive activation : Type := Tanh | Sigmoid | Identity.

Definition rho (a : activation) (v : R) : R :=
  match a with Tanh => tanh v | Sigmoid => sigmoid v | Identity => v end.
(** Its derivative. *)
Definition slope (a : activation) (v : R) : R :=
  match a with Tanh => 1 - tanh v * tanh v | Sigmoid => 4 * sigmoid v * (1 - sigmoid v) | Identity => 1 end.
(** The loss of an output [s] with target [y] whose derivative at [s = rho a v] is
    [(s - y) / slope a v]: a cross-entropy for tanh and the sigmoid. *)
Definition matching_loss (a : activation) (y s : R) : R :=
  match a with Tanh => tanh_loss y s | Sigmoid => sigmoid_loss y s | Identity => (s - y) * (s - y) / 2 end.

(** ** Sums over a list, coordinates of [R^n] *)

Fixpoint sum_over {A : Type} (names : list A) (f : A -> R) : R :=
  match names with nil => 0 | k :: names => f k + sum_over names f end.
(** [f 0 + ... + f (n - 1)] *)
Definition sum_below (n : nat) (f : nat -> R) : R := sum_over (seq 0 n) f.

(** Coordinate [i] of a vector of [Rn n], and the vector with the coordinates [f 0 .. f n]. *)
Fixpoint coordinate (n i : nat) : Rn n -> R :=
  match n return Rn n -> R with
  | O => fun v => match i with O => v | S _ => 0 end
  | S n => fun v => match i with O => fst v | S i => coordinate n i (snd v) end
  end.
Fixpoint of_coordinates (n : nat) (f : nat -> R) : Rn n :=
  match n return Rn n with O => f 0%nat | S n => (f 0%nat, of_coordinates n (fun i => f (S i))) end.
(** The inner product with a weight for each coordinate. *)
Fixpoint weighted_dot (n : nat) (w : nat -> R) : Rn n -> Rn n -> R :=
  match n return Rn n -> Rn n -> R with
  | O => fun x y => w 0%nat * (x * y)
  | S n => fun x y => w 0%nat * (fst x * fst y) + weighted_dot n (fun i => w (S i)) (snd x) (snd y)
  end.
Lemma is_inner_product_weighted (n : nat) (w : nat -> R) : (forall i, 0 < w i) -> is_inner_product (Rn n) (weighted_dot n w).
Proof.
revert w. induction n as [|n IH]; intros w W.
- destruct is_inner_product_R as [l s p]. split.
  + intros y. apply (is_linear_comp (fun x : R => x * y) (fun x : R_NormedModule => scal (w 0%nat : R_AbsRing) x)).
    apply l. apply (@is_linear_scal_r R_AbsRing R_NormedModule (w 0%nat : R_AbsRing)). exact Rmult_comm.
  + intros x y. simpl. ring.
  + intros x Hx. apply Rmult_lt_0_compat. apply W. now apply p.
- assert (H0 : is_inner_product R_NormedModule (fun x y : R => w 0%nat * (x * y))).
  { destruct is_inner_product_R as [l s p]. split.
    + intros y. apply (is_linear_comp (fun x : R => x * y) (fun x : R_NormedModule => scal (w 0%nat : R_AbsRing) x)).
      apply l. apply (@is_linear_scal_r R_AbsRing R_NormedModule (w 0%nat : R_AbsRing)). exact Rmult_comm.
    + intros x y. simpl. ring.
    + intros x Hx. apply Rmult_lt_0_compat. apply W. now apply p. }
  exact (is_inner_product_prod H0 (IH (fun i => w (S i)) (fun i => W (S i)))).
Qed.

(** ** Vectors with named entries

    The space with one coordinate for each name in a list that is not empty and names nothing
    twice; [same] tells names apart. *)

Section Named.
Variables (A : Type) (same : A -> A -> bool) (names : list A).

Fixpoint position (k : A) (names : list A) : nat :=
  match names with nil => 0%nat | k' :: names => if same k k' then 0%nat else S (position k names) end.
Definition dimension : nat := pred (length names).
Definition Vectors : NM := Rn dimension.
Definition entry (v : Vectors) (k : A) : R := coordinate dimension (position k names) v.
Definition vector_of (f : A -> R) : Vectors :=
  of_coordinates dimension (fun i => match nth_error names i with Some k => f k | None => 0 end).
Definition weighted (w : A -> R) : Vectors -> Vectors -> R :=
  weighted_dot dimension (fun i => match nth_error names i with Some k => w k | None => 1 end).
End Named.

(** ** Layered networks *)

Record layered_model : Type := LayeredModel {
  sizes : list nat;                   (* units in each layer, the output first, the input last: 10, 512, 784 *)
  activations : nat -> activation;    (* of each layer, the output first *)
  samples : nat;                      (* in the mini-batch *)
  input : nat -> nat -> R;            (* of sample b at the input unit j *)
  target : nat -> nat -> R;           (* of sample b at the output unit i *)
  rate : nat -> posreal;              (* learning rate of each layer, in units of eta *)
  has_layers : (2 <= length sizes)%nat;
  has_output : (0 < nth 0 sizes 0)%nat;
  has_samples : (0 < samples)%nat }.

Definition size (L : layered_model) (n : nat) : nat := nth n (sizes L) 0%nat.
(** The number of layers of neurons: all but the input. *)
Definition depth (L : layered_model) : nat := pred (length (sizes L)).

(** Unit [i] of layer [n] is [(n, i)]; its state in sample [b] is named [(b, (n, i))], its bias
    [(n, i, None)], and the weight between it and unit [j] of layer [n + 1] [(n, i, Some j)]. *)
Definition units (L : layered_model) : list (nat * nat) :=
  flat_map (fun n => map (pair n) (seq 0 (size L n))) (seq 0 (depth L)).
Definition state_names (L : layered_model) : list (nat * (nat * nat)) :=
  flat_map (fun b => map (pair b) (units L)) (seq 0 (samples L)).
Definition param_names (L : layered_model) : list (nat * nat * option nat) :=
  flat_map (fun u => map (pair u) (None :: map Some (seq 0 (size L (S (fst u)))))) (units L).
Definition same_state (k k' : nat * (nat * nat)) : bool :=
  (Nat.eqb (fst k) (fst k') && (Nat.eqb (fst (snd k)) (fst (snd k')) && Nat.eqb (snd (snd k)) (snd (snd k'))))%bool.
Definition same_param (k k' : nat * nat * option nat) : bool :=
  (Nat.eqb (fst (fst k)) (fst (fst k')) && (Nat.eqb (snd (fst k)) (snd (fst k')) &&
   match snd k, snd k' with None, None => true | Some j, Some j' => Nat.eqb j j' | _, _ => false end))%bool.

Definition states (L : layered_model) : NM := Vectors (state_names L).
Definition parameters (L : layered_model) : NM := Vectors (param_names L).
Definition state_of (L : layered_model) (f : nat -> nat -> nat -> R) : states L :=
  vector_of (state_names L) (fun k => f (fst k) (fst (snd k)) (snd (snd k))).
Definition params_of (L : layered_model) (f : nat -> nat -> option nat -> R) : parameters L :=
  vector_of (param_names L) (fun k => f (fst (fst k)) (snd (fst k)) (snd k)).
Definition unit_state {L : layered_model} (s : states L) (b n i : nat) : R :=
  entry same_state (state_names L) s (b, (n, i)).
Definition param {L : layered_model} (th : parameters L) (n i : nat) (o : option nat) : R :=
  entry same_param (param_names L) th (n, i, o).
Definition weight {L : layered_model} (th : parameters L) (n i j : nat) : R := param th n i (Some j).
Definition bias {L : layered_model} (th : parameters L) (n i : nat) : R := param th n i None.

(** Their Euclidean inner products. *)
Definition dot_states (L : layered_model) : states L -> states L -> R := dot (dimension (state_names L)).
Definition dot_parameters (L : layered_model) : parameters L -> parameters L -> R := dot (dimension (param_names L)).

(** The sum over the samples of the squared error of the output layer, halved. *)
Definition squared_error (L : layered_model) (s : states L) : R :=
  sum_below (samples L) (fun b => sum_below (size L 0) (fun i =>
    (unit_state s b 0 i - target L b i) * (unit_state s b 0 i - target L b i) / 2)).
Definition error_gradient (L : layered_model) (s : states L) : states L :=
  state_of L (fun b n i => match n with O => unit_state s b 0 i - target L b i | S _ => 0 end).
(** The loss that the nudge outside the activation follows. *)
Definition cross_entropy (L : layered_model) (s : states L) : R :=
  sum_below (samples L) (fun b => sum_below (size L 0) (fun i =>
    matching_loss (activations L 0) (target L b i) (unit_state s b 0 i))).

(** One learning rate for each layer and the mean over the mini-batch, as an operator and as an
    inner product: the gradient in [dot_rates] is [rates] of the Euclidean one, that is, [rate n]
    times the mean of the samples' gradients. *)
Definition rates {L : layered_model} (g : parameters L) : parameters L :=
  params_of L (fun n i o => rate L n / INR (samples L) * param g n i o).
Definition dot_rates (L : layered_model) : parameters L -> parameters L -> R :=
  weighted (param_names L) (fun k => INR (samples L) / rate L (fst (fst k))).
Lemma is_inner_product_rates (L : layered_model) : is_inner_product (parameters L) (dot_rates L).
Proof.
apply is_inner_product_weighted. intros i. destruct (nth_error (param_names L) i). 2: exact Rlt_0_1.
apply Rdiv_lt_0_compat. apply lt_0_INR, has_samples. apply cond_pos.
Qed.

(** The parameters of layer [l] alone. *)
Definition layer_projection {L : layered_model} (l : nat) (v : parameters L) : parameters L :=
  params_of L (fun n i o => if Nat.eqb n l then param v n i o else 0).

Section Transition.
Variables (L : layered_model) (send : nat -> activation) (drive : nat -> nat -> R) (dt : R).

(** What unit [j] of layer [m] sends: its activation [send m], or the [drive] of the input. *)
Definition signal (s : states L) (b m j : nat) : R :=
  if Nat.ltb m (depth L) then rho (send m) (unit_state s b m j) else drive b j.
(** What unit [i] of layer [n] receives: [W_n u^(n+1) + b_n], and [W_(n-1)^T u^(n-1)]. *)
Definition from_above (s : states L) (th : parameters L) (b n i : nat) : R :=
  bias th n i + sum_below (size L (S n)) (fun j => weight th n i j * signal s b (S n) j).
Definition from_below (s : states L) (th : parameters L) (b n i : nat) : R :=
  match n with O => 0 | S m => sum_below (size L m) (fun j => weight th m j i * signal s b m j) end.

(** [Phi = (1 - dt) |s|^2 / 2 + dt sum_n rho(s^n) . (W_n u^(n+1) + b_n)], summed over the samples. *)
Definition layered_Phi (z : states L * parameters L) : R :=
  sum_below (samples L) (fun b => sum_over (units L) (fun u => let s := unit_state (fst z) b (fst u) (snd u) in
    (1 - dt) / 2 * (s * s) + dt * (rho (send (fst u)) s * from_above (fst z) (snd z) b (fst u) (snd u)))).
(** [s^n <- (1 - dt) s^n + dt rho'(s^n) (W_n u^(n+1) + b_n + W_(n-1)^T u^(n-1))] *)
Definition layered_F (z : states L * parameters L) : states L :=
  state_of L (fun b n i => let s := unit_state (fst z) b n i in
    (1 - dt) * s + dt * (slope (send n) s * (from_above (fst z) (snd z) b n i + from_below (fst z) (snd z) b n i))).
(** [rate n] times the mean over the samples of [dt rho(s^n) (u^(n+1))^T], for a bias of [dt rho(s^n)]. *)
Definition layered_Phi_theta (z : states L * parameters L) : parameters L :=
  params_of L (fun n i o => rate L n / INR (samples L) * sum_below (samples L) (fun b =>
    dt * (rho (send n) (unit_state (fst z) b n i) * match o with None => 1 | Some j => signal (fst z) b (S n) j end))).

Definition layered_network (s : states L) (th : parameters L) : network :=
  {| State := states L; Param := parameters L;
     dot_state := dot_states L; dot_param := dot_rates L;
     dot_state_inner := is_inner_product_Rn (dimension (state_names L)); dot_param_inner := is_inner_product_rates L;
     Phi := layered_Phi; F := layered_F; Phi_theta := layered_Phi_theta;
     ell := squared_error L; grad_ell := error_gradient L; s_star := s; theta := th |}.
End Transition.
Arguments signal {L}.
Arguments from_above {L}.
Arguments from_below {L}.
Arguments layered_Phi {L}.
Arguments layered_F {L}.
Arguments layered_Phi_theta {L}.
Arguments layered_network {L}.

(** The energy-based setting: an Euler step of length [dt].  The input passes through the
    activation of the layer next to it.  Its nudge carries the factor [dt]: the [beta] of
    [Network.v] is [dt] times the nudging strength. *)
Definition energy_based {L : layered_model} (dt : R) (s : states L) (th : parameters L) : network :=
  layered_network (activations L) (fun b j => rho (activations L (pred (depth L))) (input L b j)) dt s th.

(** The prototypical setting.  Its primitive function [sum_n s^n . (W_n s^(n+1) + b_n)], read
    without the activation, is the one above with the identity for every activation and [dt = 1];
    its [F] is the pre-activation. *)
Definition prototypical {L : layered_model} (s : states L) (th : parameters L) : network :=
  layered_network (fun _ => Identity) (input L) 1 s th.
(** The activations, unit by unit. *)
Definition activate (L : layered_model) (p : states L) : states L :=
  state_of L (fun b n i => rho (activations L n) (unit_state p b n i)).
(** The loss [l] at the end of [t] steps that start from [s], as a function of the copy of the
    parameters used in the transition to that [s]. *)
Definition loss_of_copy {L : layered_model} (s : states L) (th : parameters L) (l : states L -> R) (t : nat)
  (th' : parameters L) : R :=
  let T := transition (prototypical s th) (activate L) in l (free_phase T th t (T (s, th'))).

(** The paper's network, 784-512-10, with any activations, rates and mini-batch. *)
Definition mnist_sizes : list nat := (10 :: 512 :: 784 :: nil)%nat.
Definition mnist_model (activations : nat -> activation) (samples : nat) (has_samples : (0 < samples)%nat)
  (input target : nat -> nat -> R) (rate : nat -> posreal) : layered_model :=
  LayeredModel mnist_sizes activations input target rate (le_S 2 2 (le_n 2)) (Nat.lt_0_succ 9) has_samples.
