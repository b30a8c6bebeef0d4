(** * Layered networks have derivatives of the second order too

    What the centred estimator and the coefficients of the first-order error ask for
    ([second_order_at_rest]), at every point: entries of [F] and of the update are made of sums
    and products of entries and of activations and slopes, which have derivatives of every
    order. *)

From Coq Require Import Reals Lra List Lia.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits Gradients Dynamics Network FurtherVocabulary.
From CEP Require Import Layered FiniteVectors Differentiation SecondOrder Activation LayeredGradient.
Set Implicit Arguments.
Open Scope R_scope.

Local Notation R1 := R_NormedModule.

(** A derivative of order [k] of an activation, of a function that has an expansion. *)
Lemma second_derivative_of_activation (U : NM) (p : U) (a : activation) (k : nat) (f : U -> R) :
  @ex_second U p f -> @ex_second U p (fun x => poly_value (nth_derivative a k) (rho a (f x))).
Proof.
intros H. set (d := fun k v => poly_value (nth_derivative a k) (rho a v)).
assert (D : forall k v, is_derive (d k) v (d (S k) v)) by (intros; apply polynomial_of_activation).
apply (@second_compose U p (d k) (d (S k)) (d (S (S k))) (d (S (S (S k)))) f); auto.
exact (continuous_of_derivative (D (S (S (S k))) (f p))).
Qed.
Lemma second_rho (U : NM) (p : U) (a : activation) (f : U -> R) : @ex_second U p f -> @ex_second U p (fun x => rho a (f x)).
Proof. exact (@second_derivative_of_activation U p a 0 f). Qed.
Lemma second_slope (U : NM) (p : U) (a : activation) (f : U -> R) : @ex_second U p f -> @ex_second U p (fun x => slope a (f x)).
Proof.
intros H. apply (@second_ext U p (fun x => poly_value (nth_derivative a 1) (rho a (f x)))).
intros x. rewrite slope_value. simpl. ring. exact (@second_derivative_of_activation U p a 1 f H).
Qed.

Section Smooth.
Variables (L : layered_model) (send : nat -> activation) (drive : nat -> nat -> R) (dt : R).
Local Notation Z := (prod_NormedModule R_AbsRing (states L) (parameters L)).
Variable z : Z.

Lemma second_state_entry b n i : @ex_second Z z (fun z => unit_state (fst z) b n i).
Proof. apply second_linear. apply state_entry_linear. Qed.
Lemma second_param_entry n i o : @ex_second Z z (fun z => param (snd z) n i o).
Proof. apply second_linear. apply param_entry_linear. Qed.
Lemma second_signal b m j : @ex_second Z z (fun z => signal send drive (fst z) b m j).
Proof.
unfold signal. destruct (Nat.ltb m (depth L)). apply (@second_rho Z z (send m) (fun z => unit_state (fst z) b m j)). apply second_state_entry.
apply second_const.
Qed.
Lemma second_link n i j b m j' : @ex_second Z z (fun z => weight (snd z) n i j * signal send drive (fst z) b m j').
Proof. apply second_times. apply second_param_entry. apply second_signal. Qed.
Lemma second_from_above b n i : @ex_second Z z (fun z => from_above send drive (fst z) (snd z) b n i).
Proof. apply second_plus. apply second_param_entry. apply (@second_sum Z z nat). intros j _. apply second_link. Qed.
Lemma second_from_below b n i : @ex_second Z z (fun z => from_below send drive (fst z) (snd z) b n i).
Proof. destruct n as [|m]; cbn [from_below]. apply second_const. apply (@second_sum Z z nat). intros j _. apply second_link. Qed.

Theorem layered_F_second : exists DF QF, has_second_order Z (states L) (layered_F send drive dt) z DF QF.
Proof.
apply (@entries_second Z z _ _ _ (layered_F send drive dt) (state_naming L)). intros [b [n i]] Hk.
apply (@second_ext Z z (fun z => (1 - dt) * unit_state (fst z) b n i + dt * (slope (send n) (unit_state (fst z) b n i) *
   (from_above send drive (fst z) (snd z) b n i + from_below send drive (fst z) (snd z) b n i)))).
{ intros x. symmetry. exact (state_of_entry L _ b n i Hk). }
apply (@second_plus Z z (fun z => (1 - dt) * unit_state (fst z) b n i)).
- apply second_times. apply second_const. apply second_state_entry.
- apply second_times. apply second_const. apply second_times.
  + apply (@second_slope Z z (send n) (fun z => unit_state (fst z) b n i)). apply second_state_entry.
  + apply second_plus. apply second_from_above. apply second_from_below.
Qed.
Theorem layered_Phi_theta_second : exists DPhi QPhi, has_second_order Z (parameters L) (layered_Phi_theta send drive dt) z DPhi QPhi.
Proof.
apply (@entries_second Z z _ _ _ (layered_Phi_theta send drive dt) (param_naming L)). intros [[n i] o] Hk.
apply (@second_ext Z z (fun z => rate L n / INR (samples L) * sum_below (samples L) (fun b =>
    dt * (rho (send n) (unit_state (fst z) b n i) * match o with None => 1 | Some j => signal send drive (fst z) b (S n) j end)))).
{ intros x. symmetry. exact (params_of_entry L _ n i o Hk). }
apply second_times. apply second_const. apply (@second_sum Z z nat). intros b _.
apply second_times. apply second_const. apply second_times.
apply (@second_rho Z z (send n) (fun z => unit_state (fst z) b n i)). apply second_state_entry.
destruct o as [j|]. apply second_signal. apply second_const.
Qed.
End Smooth.

(** The Hessian of the squared error: the outputs. *)
Definition output_part (L : layered_model) (h : states L) : states L :=
  state_of L (fun b n i => match n with O => unit_state h b 0 i | S _ => 0 end).
Lemma error_gradient_affine (L : layered_model) (s s' : states L) :
  minus (error_gradient L s') (error_gradient L s) = output_part L (minus s' s).
Proof.
apply states_ext. intros b n i Hk. etransitivity. exact (linear_minus _ _ _ (unit_state_linear L b n i)).
unfold error_gradient, output_part. rewrite !state_of_entry by exact Hk.
assert (E : unit_state (minus s' s) b 0 i = unit_state s' b 0 i - unit_state s b 0 i) by exact (linear_minus _ _ _ (unit_state_linear L b 0 i)).
destruct n. rewrite E. change (unit_state s' b 0 i - target L b i - (unit_state s b 0 i - target L b i) = unit_state s' b 0 i - unit_state s b 0 i). ring.
change (0 - 0 = 0). ring.
Qed.
Lemma output_part_linear (L : layered_model) : is_linear (output_part L).
Proof.
assert (D : filterdiff (output_part L) (locally (zero : states L)) (fun h => vector_of (state_names L)
   (fun k => match fst (snd k) with O => unit_state h (fst k) 0 (snd (snd k)) | S _ => 0 end))).
{ apply (entries_diff (state_naming L) (output_part L) (fun k h => match fst (snd k) with O => unit_state h (fst k) 0 (snd (snd k)) | S _ => 0 end)).
  intros [b [n i]] Hk. cbn [fst snd].
  apply (@filterdiff_ext R_AbsRing (states L) R1 _ _ (fun h => match n with O => unit_state h b 0 i | S _ => 0 end)).
  { intros h. symmetry. exact (state_of_entry L _ b n i Hk). }
  destruct n. apply differential_linear, unit_state_linear. apply differential_const. }
exact (proj1 D).
Qed.

Theorem layered_second_order_at_rest (L : layered_model) send drive dt (s : states L) (th : parameters L) :
  exists DF DPhi_theta QF QPhi hessian, second_order_at_rest (layered_network send drive dt s th) DF DPhi_theta QF QPhi hessian.
Proof.
destruct (@layered_F_second L send drive dt (s, th)) as [DF [QF HF]].
destruct (@layered_Phi_theta_second L send drive dt (s, th)) as [DPhi [QPhi HPhi]].
exists DF, DPhi, QF, QPhi, (output_part L). split; [exact HF | split; [exact HPhi | split; [exact (output_part_linear L) |]]].
exists 0. split. lra. apply filter_forall. intros x.
change (norm (minus (minus (error_gradient L x) (error_gradient L s)) (output_part L (minus x s))) <= 0 * (norm (minus x s) * norm (minus x s))).
rewrite error_gradient_affine, Rmult_0_l. right.
etransitivity. 2: exact (@norm_zero R_AbsRing (states L)). f_equal. apply plus_opp_r.
Qed.
